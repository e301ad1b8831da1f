import { type ChainedEntry, ENTRY_FIELDS, type EntryField, entryLine } from './entries.ts';
import type { Line } from './records.ts';
import { sha256 } from './web-crypto.ts';

const JSON_FIELDS: ReadonlySet<EntryField> = new Set(['changes', 'identity']);
const NUMBERS: ReadonlySet<EntryField> = new Set(['format', 'sequence', 'durationMs', 'count']);
const KNOWN: ReadonlySet<string> = new Set(ENTRY_FIELDS);
const INTEGER = /^(?:0|[1-9][0-9]*)$/;

function isEntryField(text: string | undefined): text is EntryField {
  return text !== undefined && KNOWN.has(text);
}

/** The columns that the first row names; undefined if they are not those of an export. */
export function columnsOf(firstRow: string): EntryField[] | undefined {
  const names = cellsOf(firstRow.replace(/^\ufeff/, ''));
  const columns = names?.filter(isEntryField);
  return columns?.length === ENTRY_FIELDS.length && names?.length === columns.length ? columns : undefined;
}

/** The cells of one row (RFC 4180), without its line break; undefined if it is none. */
export function cellsOf(row: string): string[] | undefined {
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|$)/y;
  for (;;) {
    const found = cell.exec(row);
    if (found === null) return undefined;
    const [, quoted, plain = '', separator] = found;
    cells.push(withoutMark(quoted === undefined ? plain : quoted.replaceAll('""', '"')));
    if (separator === '') return cells;
  }
}

/** What a spreadsheet could take for a formula was written with an apostrophe in front; so was each text that begins with one. */
function withoutMark(text: string): string {
  return text.startsWith("'") ? text.slice(1) : text;
}

/** An empty cell stands for null: no text of an entry is empty. Undefined if the cell says more than its field can hold. */
function readCell(field: EntryField, cell: string): unknown {
  if (cell === '') return null;
  if (NUMBERS.has(field)) return INTEGER.test(cell) ? Number(cell) : undefined;
  if (!JSON_FIELDS.has(field)) return cell;
  try {
    const value: unknown = JSON.parse(cell);
    return JSON.stringify(value) === cell ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The line of an NDJSON export that says what the row says; the row itself if it is no entry. */
export function lineOfRow(row: string, columns: readonly EntryField[]): string {
  const cells = cellsOf(row);
  if (cells?.length !== columns.length) return row;
  const values = columns.map((field, index): [EntryField, unknown] => [field, readCell(field, cells[index] ?? '')]);
  if (values.some(([, value]) => value === undefined)) return row;
  const read: Record<string, unknown> = { record: 'entry', ...Object.fromEntries(values) };
  const ordered = { record: 'entry', ...Object.fromEntries(ENTRY_FIELDS.map((field) => [field, read[field]])) };
  return JSON.stringify(ordered);
}

/** Rows end outside quotes only: a text in quotes can hold line breaks. */
export interface RowJoiner {
  take(lines: readonly Line[]): Line[];
  end(): Line[];
}

export function createRowJoiner(): RowJoiner {
  let open: Line | undefined;
  const isOpen = (text: string) => text.split('"').length % 2 === 0;

  return {
    take(lines) {
      const rows: Line[] = [];
      for (const { line, text } of lines) {
        const row: Line = open === undefined ? { line, text } : { line: open.line, text: `${open.text}\n${text}` };
        open = isOpen(row.text) ? row : undefined;
        if (open === undefined) rows.push({ ...row, text: row.text.replace(/\r$/, '') });
      }
      return rows;
    },
    end: () => (open === undefined ? [] : [open]),
  };
}

/** A CSV export told as an NDJSON export, so that one verifier reads both. */
export interface CsvTranslator {
  take(lines: readonly Line[]): Promise<Line[]>;
  end(): Line[];
  /** The first entry, if it only shows where the part begins: nothing in the file shows that it is unchanged. */
  unprovenFirst(): number | undefined;
}

/** `project`: a CSV file does not say whose log it is. */
export function createCsvTranslator(project: string): CsvTranslator {
  const rows = createRowJoiner();
  let columns: EntryField[] | undefined;
  let hasBegun = false;
  let first: number | undefined;
  let entries = 0;
  let last: Pick<ChainedEntry, 'sequence' | 'hash'> = { sequence: 0, hash: '' };
  let line = 1;

  function header(firstSequence: number, previousHash: string): Line {
    const limits = { from: null, to: null };
    const told = { record: 'header', form: 1, project, ...limits, firstSequence, previousHash };
    return { line: 1, text: JSON.stringify({ ...told, exportedAt: '', purser: '' }) };
  }

  async function begin(text: string): Promise<{ readonly lines: Line[]; readonly isPlaceOnly: boolean }> {
    hasBegun = true;
    const entry = parsed(text);
    const previousHash = await sha256(project);
    last = { sequence: 0, hash: previousHash };
    if (entry === undefined || entry.sequence <= 1) return { lines: [header(1, previousHash)], isPlaceOnly: false };
    first = entry.sequence;
    last = { sequence: entry.sequence, hash: entry.hash };
    return { lines: [header(entry.sequence + 1, entry.hash)], isPlaceOnly: true };
  }

  async function translate(row: Line): Promise<Line[]> {
    line = row.line;
    if (columns === undefined) {
      columns = columnsOf(row.text);
      return columns === undefined ? [row] : [];
    }
    const text = lineOfRow(row.text, columns);
    const { lines, isPlaceOnly } = hasBegun ? { lines: [], isPlaceOnly: false } : await begin(text);
    if (isPlaceOnly) return lines;
    entries += 1;
    last = parsed(text) ?? last;
    return [...lines, { line: row.line, text }];
  }

  async function translateAll(read: readonly Line[]): Promise<Line[]> {
    const lines: Line[] = [];
    for (const row of read) lines.push(...(await translate(row)));
    return lines;
  }

  return {
    take: (read) => translateAll(rows.take(read)),
    end() {
      const torn = rows.end();
      const { sequence: lastSequence, hash: lastHash } = last;
      const end = { line: line + 1, text: JSON.stringify({ record: 'end', entries, lastSequence, lastHash }) };
      // Without a row nothing was said of the log: the verifier finds that no export began.
      return hasBegun ? [...torn, end] : torn;
    },
    unprovenFirst: () => first,
  };
}

function parsed(text: string): ChainedEntry | undefined {
  try {
    const entry: ChainedEntry = JSON.parse(text);
    return Number.isSafeInteger(entry.sequence) && typeof entry.hash === 'string' && entryLine(entry)
      ? entry
      : undefined;
  } catch {
    return undefined;
  }
}
