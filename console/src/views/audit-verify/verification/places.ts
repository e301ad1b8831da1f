import { columnsOf } from './csv.ts';
import type { ExportHeader } from './findings.ts';
import { parseHead } from './heads.ts';
import { type ExportEnd, endOf, headerOf } from './records.ts';

export type FileKind = 'ndjson' | 'csv' | 'anchor' | 'unknown';

/** A file, by its first line and its last one. */
export interface NamedFile {
  readonly name: string;
  readonly kind: FileKind;
  readonly header: ExportHeader | undefined;
  readonly end: ExportEnd | undefined;
}

export function fileBy(name: string, firstLine: string, lastLine: string): NamedFile {
  const header = headerOf(firstLine);
  const file = { name, header, end: endOf(lastLine) };
  if (header !== undefined) return { ...file, kind: 'ndjson' };
  if (parseHead(firstLine) !== undefined) return { ...file, kind: 'anchor' };
  if (columnsOf(firstLine.replace(/\r$/, '')) !== undefined) return { ...file, kind: 'csv' };
  return { ...file, kind: 'unknown' };
}

/** How files are read one after the other: the oldest entries first. */
export interface Arranged<File extends NamedFile> {
  readonly exports: readonly File[];
  readonly anchors: readonly File[];
  /** The exports have their entries as well. */
  readonly leftOut: readonly File[];
  /** Why they cannot be read together, in the words of `texts/audit.ts`. */
  readonly problem?: 'NOTHING' | 'SEVERAL_CSV' | 'MIXED';
}

/** What stays must be whole, whatever the headers and ends say: they only decide what is compared with what. */
export function arrange<File extends NamedFile>(
  files: readonly File[],
  asked: Pick<ExportHeader, 'project' | 'from' | 'to'>,
): Arranged<File> {
  const anchors = files.filter(({ kind }) => kind === 'anchor');
  const csv = files.filter(({ kind }) => kind === 'csv');
  const others = files.filter(({ kind }) => kind === 'ndjson' || kind === 'unknown');
  const none = { exports: [], anchors, leftOut: [] };
  if (csv.length + others.length === 0) return { ...none, problem: 'NOTHING' };
  if (csv.length > 1) return { ...none, problem: 'SEVERAL_CSV' };
  if (csv.length === 1) return others.length > 0 ? { ...none, problem: 'MIXED' } : { ...none, exports: csv };
  // A file of another project, or without an end, stays: it is found when it is read.
  const ours = others.filter((file) => file.header?.project === asked.project && firstOf(file) <= lastOf(file) + 1);
  const asAsked = ours.filter(({ header }) => header?.from === asked.from && header.to === asked.to);
  const { files: followed, first, last } = longestChain(asAsked);
  const rest = others.filter((file) => !followed.includes(file));
  const leftOut = rest.filter((file) => ours.includes(file) && firstOf(file) >= first && lastOf(file) <= last);
  const kept = rest.filter((file) => !leftOut.includes(file));
  const exports = [...kept, ...followed].toSorted((one, other) => firstOf(one) - firstOf(other));
  return { exports, anchors, leftOut };
}

/** Files of which each goes on where the one before ended. */
interface Chain<File> {
  readonly files: readonly File[];
  readonly first: number;
  readonly last: number;
}

/** From the oldest entry to the newest that can be reached. When files were made says nothing: an archive may be newer than an export. */
function longestChain<File extends NamedFile>(files: readonly File[]): Chain<File> {
  /** By their first entry. */
  const chains = new Map<number, Chain<File>>();
  // What may follow a file is looked at before it. Of two that reach as far, the larger one is taken.
  for (const file of files.toSorted((a, b) => firstOf(b) - firstOf(a) || lastOf(a) - lastOf(b))) {
    const first = firstOf(file);
    const next = chains.get(lastOf(file) + 1);
    const last = next?.last ?? lastOf(file);
    const known = chains.get(first);
    if (known === undefined || last >= known.last) {
      chains.set(first, { files: [file, ...(next?.files ?? [])], first, last });
    }
  }
  return chains.get(Math.min(...chains.keys())) ?? { files: [], first: Number.POSITIVE_INFINITY, last: 0 };
}

const firstOf = ({ header }: NamedFile) => Number(header?.firstSequence ?? 0);
const lastOf = ({ end }: NamedFile) => Number(end?.lastSequence);
