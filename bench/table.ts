/** One line of the table: a measured figure, its goal, and whether the goal is met. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  /** Undefined if the figure has no goal and only serves for comparison. */
  readonly met: boolean | undefined;
}

/** A figure that other figures are divided by. */
export function reference(what: string, measured: string): Row {
  return { what, measured, goal: '', met: undefined };
}

/** Formats the table as Markdown, ready to quote. */
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
