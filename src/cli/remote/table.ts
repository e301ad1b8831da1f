import stringWidth from 'string-width';
import { visibleText } from './visible-text.ts';

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string | number | null | undefined;
}

/** Of a terminal that does not say how wide it is. Cells. */
const USUAL_WIDTH = 100;
const GAP = '  ';
/** A column is not made narrower than this. Cells. */
const NARROWEST = 8;
const NOTHING = '-';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Lines no wider than the terminal, if its columns can be made so narrow. What is cut ends with `…`. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], columnsOfTerminal?: number): string {
  // A terminal that does not know says 0.
  const width = columnsOfTerminal || USUAL_WIDTH;
  const titles = columns.map(({ title }) => title);
  const lines = [titles, ...rows.map((row) => columns.map(({ text }) => cell(text(row))))];
  const widths = fitting(
    columns.map((_, index) => Math.max(...lines.map((line) => widthOf(line[index] ?? '')))),
    width - GAP.length * (columns.length - 1),
  );
  return lines
    .map((line) => `${line.map((text, index) => padded(text, widths[index] ?? 0)).join(GAP)}`.trimEnd())
    .join('\n')
    .concat('\n');
}

/** One line each: what it is called, and its value. Empty ones are left out. */
export function details(
  entries: readonly (readonly [title: string, value: string | number | null | undefined])[],
): string {
  const told = entries.filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(0, ...told.map(([title]) => title.length));
  return told.map(([title, value]) => `${title.padEnd(width)}${GAP}${visibleText(String(value))}\n`).join('');
}

/** A time as it is read: to the minute, in UTC. */
export function minute(time: string | null | undefined): string | null {
  return time ? `${time.slice(0, 10)} ${time.slice(11, 16)}` : null;
}

function cell(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === '' ? NOTHING : visibleText(String(value));
}

/** In cells of a terminal. Most texts are ASCII, and quickly measured. */
function widthOf(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}

/** Takes from the widest column first. */
function fitting(widths: readonly number[], room: number): number[] {
  const fitted = [...widths];
  for (let excess = fitted.reduce((sum, each) => sum + each, 0) - room; excess > 0; excess -= 1) {
    const widest = Math.max(...fitted);
    if (widest <= NARROWEST) break;
    fitted[fitted.indexOf(widest)] = widest - 1;
  }
  return fitted;
}

function padded(text: string, width: number): string {
  const cut = widthOf(text) > width ? shortened(text, width) : text;
  return cut + ' '.repeat(Math.max(0, width - widthOf(cut)));
}

function shortened(text: string, width: number): string {
  let kept = '';
  let room = width - 1;
  for (const { segment } of graphemes.segment(text)) {
    room -= widthOf(segment);
    if (room < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}
