/** Each list of columns makes statements that all connections keep prepared: beyond the first lists, all columns are read. */
const MAX_LISTS = 100;

export type ColumnLists = (parts: readonly string[] | undefined) => string;

/**
 * Gives the columns of the parts with these names, with those that are `always` read: the same text for the same columns. All
 * columns without names, and for a name that no part has.
 */
export function createColumnLists(
  columnsOf: Readonly<Record<string, readonly string[]>>,
  always: readonly string[],
): ColumnLists {
  const known = new Map(Object.entries(columnsOf));
  const all = listOf([...always, ...[...known.values()].flat()]);
  const lists = new Set<string>();
  return (parts) => {
    if (parts === undefined) return all;
    const columns = [...always];
    for (const part of parts) {
      const ofPart = known.get(part);
      if (ofPart === undefined) return all;
      columns.push(...ofPart);
    }
    const list = listOf(columns);
    if (lists.size < MAX_LISTS) lists.add(list);
    return lists.has(list) ? list : all;
  };
}

function listOf(columns: readonly string[]): string {
  return [...new Set(columns)].sort().join(', ');
}
