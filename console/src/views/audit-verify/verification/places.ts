import { columnsOf } from './csv.ts';
import type { ExportHeader } from './findings.ts';
import { parseHead } from './heads.ts';
import { headerOf } from './records.ts';

export type FileKind = 'ndjson' | 'csv' | 'anchor' | 'unknown';

/** A file, by its first line. */
export interface NamedFile {
  readonly name: string;
  readonly kind: FileKind;
  readonly header: ExportHeader | undefined;
}

export function fileBy(name: string, firstLine: string): NamedFile {
  const header = headerOf(firstLine);
  if (header !== undefined) return { name, kind: 'ndjson', header };
  if (parseHead(firstLine) !== undefined) return { name, kind: 'anchor', header };
  if (columnsOf(firstLine.replace(/\r$/, '')) !== undefined) return { name, kind: 'csv', header };
  return { name, kind: 'unknown', header };
}

/** How files are read one after the other: archives first, the newest export last. */
export interface Arranged<File extends NamedFile> {
  readonly exports: readonly File[];
  readonly anchors: readonly File[];
  /** The export has their entries as well. */
  readonly leftOut: readonly File[];
  /** Why they cannot be read together, in the words of `texts/audit.ts`. */
  readonly problem?: 'NOTHING' | 'SEVERAL_CSV' | 'MIXED';
}

/** What stays must be whole, whatever the headers say: the order only decides what is compared with what. */
export function arrange<File extends NamedFile>(files: readonly File[]): Arranged<File> {
  const anchors = files.filter(({ kind }) => kind === 'anchor');
  const csv = files.filter(({ kind }) => kind === 'csv');
  const others = files.filter(({ kind }) => kind === 'ndjson' || kind === 'unknown');
  const none = { exports: [], anchors, leftOut: [] };
  if (csv.length + others.length === 0) return { ...none, problem: 'NOTHING' };
  if (csv.length > 1) return { ...none, problem: 'SEVERAL_CSV' };
  if (csv.length === 1) return others.length > 0 ? { ...none, problem: 'MIXED' } : { ...none, exports: csv };
  const firstOf = ({ header }: File) => Number(header?.firstSequence ?? 0);
  const madeAt = ({ header }: File) => String(header?.exportedAt ?? '');
  const newest = others.reduce((one, other) => (madeAt(other) > madeAt(one) ? other : one));
  const earlier = others.filter((file) => file !== newest);
  const archives = earlier.filter((file) => firstOf(file) < firstOf(newest) || file.kind === 'unknown');
  const ordered = archives.toSorted((one, other) => firstOf(one) - firstOf(other));
  return { exports: [...ordered, newest], anchors, leftOut: earlier.filter((file) => !archives.includes(file)) };
}
