/** One line of the table: what was measured, what it should be, and whether it is. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  /** Undefined where there is no goal: the figure is there to compare others with. */
  readonly met: boolean | undefined;
}

/** For a figure that others are divided by. */
export function reference(what: string, measured: string): Row {
  return { what, measured, goal: '', met: undefined };
}

/** As Markdown, so that it can be quoted as it is. */
export function printTable(rows: readonly Row[], print: (line: string) => void): void {
  const cells = [
    ['what', 'measured', 'goal', ''],
    ...rows.map(({ what, measured, goal, met }) => [what, measured, goal, met === undefined ? '' : verdict(met)]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  print(line(head));
  print(`|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  for (const row of body) print(line(row));
}

function verdict(met: boolean): string {
  return met ? 'met' : 'not met';
}
