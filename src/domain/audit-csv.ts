import type { ChainedEntry, ExportWriter } from './audit-export.ts';

const COLUMNS = [
  'sequence',
  'occurredAt',
  'action',
  'outcome',
  'code',
  'field',
  'actor',
  'issuer',
  'tokenId',
  'ipAddress',
  'userAgent',
  'requestId',
  'registryId',
  'url',
  'pipeline',
  'runId',
  'image',
  'leaseId',
  'changes',
  'durationMs',
  'count',
  'until',
  'identity',
  'eventId',
  'format',
  'hash',
] as const satisfies readonly (keyof ChainedEntry)[];

const NOTHING = () => '';

/** RFC 4180, for spreadsheets: entries only, so it cannot be verified by itself. */
export const CSV: ExportWriter = {
  beginsBefore: false,
  header: () => row(COLUMNS),
  key: NOTHING,
  entry: (entry) => row(COLUMNS.map((column) => text(entry[column]))),
  head: NOTHING,
  end: NOTHING,
};

function text(value: ChainedEntry[(typeof COLUMNS)[number]]): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function row(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

/** How a formula begins, for one spreadsheet or another. */
const FORMULA_SIGNS = new Set(['=', '+', '-', '@', '|', '\uff1d', '\uff0b', '\uff0d', '\uff20']);

/**
 * Whether a spreadsheet would take the text for a formula, or skip a character before one. The apostrophe is the mark
 * for text itself: where one is, another is put in front, so that all of them can be taken away again.
 */
function looksLikeFormula(text: string): boolean {
  const [first = ''] = text;
  const [sign = ''] = [...text].filter((character) => character.trim() !== '' && character > ' ');
  return first === "'" || first === '\t' || first === '\r' || first === '\n' || FORMULA_SIGNS.has(sign);
}

function cell(value: string): string {
  const safe = looksLikeFormula(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
