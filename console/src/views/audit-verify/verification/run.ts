import { type Anchor, type AnchoredHead, createAnchorReader } from './anchor.ts';
import { createChainVerifier } from './chain.ts';
import { createCsvTranslator } from './csv.ts';
import type { Verdict } from './findings.ts';
import { headLine, importKeys, type SignedHead, type TrustedKeys } from './heads.ts';
import { createLineSplitter, NoLines } from './lines.ts';
import { type Arranged, arrange, fileBy, type NamedFile } from './places.ts';
import type { Line } from './records.ts';

/** Bytes that can be read once or more often. */
export interface Source {
  readonly name: string;
  /** In bytes; undefined: not known before the end. */
  readonly size: number | undefined;
  /** From that byte on; default: from the first. */
  read(from?: number): AsyncIterable<Uint8Array>;
}

export interface VerificationTask {
  readonly project: string;
  /** In base64. */
  readonly publicKeys: readonly string[];
  readonly from: string | null;
  readonly to: string | null;
  /** What the service says that it signed. */
  readonly heads: readonly SignedHead[];
  /** Whether the log was read after these heads were: then all of them must be in it. */
  readonly isLive: boolean;
}

export interface VerificationProgress {
  readonly entries: number;
  readonly bytes: number;
}

export interface VerificationReport {
  readonly verdict: Verdict;
  readonly form: 'ndjson' | 'csv';
  /** In the order in which they were read. */
  readonly files: readonly string[];
  readonly leftOut: readonly string[];
  /** False: this browser has no Ed25519, or no key was given. */
  readonly checksSignatures: boolean;
  /** The first entry of a CSV file that begins in the middle of the log. */
  readonly unprovenFirst?: number | undefined;
  /** How many heads from elsewhere were looked at, and the newest of them. */
  readonly headsElsewhere: number;
  readonly newestHead: { readonly sequence: number; readonly signedAt: string } | undefined;
  readonly anchorIsTorn: boolean;
  readonly bytes: number;
}

export type CannotVerifyReason = NonNullable<Arranged<NamedFile>['problem']> | 'NO_LINES';

/** The files cannot be verified together. */
export class CannotVerify extends Error {
  override readonly name = 'CannotVerify';
  readonly reason: CannotVerifyReason;
  readonly file: string | undefined;

  constructor(reason: CannotVerifyReason, file?: string) {
    super(reason);
    this.reason = reason;
    this.file = file;
  }
}

const FEW = 256;

/** Longer than the last line of an export. */
const END_BYTES = 1024;

/** Lines of a source, in batches. */
async function* batchesOf(
  source: Source,
  onBytes: (bytes: number) => void,
  from?: number,
): AsyncGenerator<Line[], void, undefined> {
  const splitter = createLineSplitter();
  try {
    for await (const bytes of source.read(from)) {
      const lines = splitter.take(bytes);
      for (let at = 0; at < lines.length; at += FEW) yield lines.slice(at, at + FEW);
      onBytes(bytes.length);
    }
    yield splitter.end();
  } catch (error) {
    throw error instanceof NoLines ? new CannotVerify('NO_LINES', source.name) : error;
  }
}

async function firstLineOf(source: Source): Promise<string> {
  for await (const [first] of batchesOf(source, () => undefined)) if (first !== undefined) return first.text;
  return '';
}

async function lastLineOf(source: Source): Promise<string> {
  let last = '';
  const from = Math.max(0, (source.size ?? 0) - END_BYTES);
  for await (const lines of batchesOf(source, () => undefined, from)) last = lines.at(-1)?.text ?? last;
  return last;
}

async function named(source: Source): Promise<NamedFile & { readonly source: Source }> {
  return { ...fileBy(source.name, await firstLineOf(source), await lastLineOf(source)), source };
}

interface ReadAnchors extends Anchor {
  /** The entries whose heads stand in a file. */
  readonly inFiles: ReadonlySet<number>;
}

/** Each file by itself, as a crash can tear the last line of each; then what the service says, which must not contradict them. */
async function readAnchors(
  project: string,
  keys: TrustedKeys | undefined,
  files: readonly Source[],
  signed: readonly SignedHead[],
): Promise<ReadAnchors> {
  const heads = new Map<number, AnchoredHead>();
  if (keys === undefined) return { heads, problem: undefined, torn: false, inFiles: new Set() };
  const read: Anchor[] = [];
  for (const file of files) {
    const reader = createAnchorReader(project, keys, heads);
    for await (const lines of batchesOf(file, () => undefined)) for (const { text } of lines) await reader.take(text);
    const { problem, ...anchor } = reader.end();
    read.push({ ...anchor, problem: problem && { ...problem, anchorFile: file.name } });
  }
  const inFiles = new Set(heads.keys());
  const reader = createAnchorReader(project, keys, heads);
  for (const head of signed) await reader.take(headLine(head));
  read.push(reader.end());
  const problem = read.find((anchor) => anchor.problem !== undefined)?.problem;
  return { heads, problem, torn: read.some(({ torn }) => torn), inFiles };
}

/** Reads the sources as a stream: no more than a batch of them is in memory. @throws CannotVerify */
export async function verifySources(
  task: VerificationTask,
  sources: readonly Source[],
  onProgress: (progress: VerificationProgress) => void,
): Promise<VerificationReport> {
  const { project, from, to, heads, isLive } = task;
  // What is read from the service comes once: its first line is not read ahead.
  const files = isLive ? undefined : await Promise.all(sources.map(named));
  const arranged = files && arrange(files, task);
  if (arranged?.problem !== undefined) throw new CannotVerify(arranged.problem);
  const imported = await importKeys(task.publicKeys);
  const keys = imported !== undefined && imported.size > 0 ? imported : undefined;
  const anchorFiles = arranged?.anchors.map(({ source }) => source) ?? [];
  const anchor = await readAnchors(project, keys, anchorFiles, heads);
  // What a person kept counts, also if the service says the same.
  const mayBeLater = new Set(heads.map(({ sequence }) => sequence).filter((each) => !anchor.inFiles.has(each)));
  const form = arranged?.exports[0]?.kind === 'csv' ? 'csv' : 'ndjson';
  const csv = form === 'csv' ? createCsvTranslator(project) : undefined;
  const verifier = createChainVerifier({
    keys,
    project,
    ...(csv === undefined && { from, to }),
    anchor,
    startsAnywhere: csv !== undefined,
    ...(!isLive && { mayBeLater }),
  });
  let bytes = 0;
  const tell = () => onProgress({ entries: verifier.entries(), bytes });
  const read = arranged?.exports.map(({ source }) => source) ?? sources;
  for (const [index, source] of read.entries()) {
    for await (const lines of batchesOf(source, (more) => (bytes += more))) {
      if (verifier.isSettled()) break;
      await verifier.take(csv === undefined ? lines : await csv.take(lines), index);
      tell();
    }
  }
  if (csv !== undefined) await verifier.take(csv.end(), 0);
  tell();
  const newest = [...anchor.heads.values()].reduce<{ sequence: number; signedAt: string } | undefined>(
    (one, other) => (one === undefined || other.sequence > one.sequence ? other : one),
    undefined,
  );
  return {
    verdict: verifier.end(),
    form,
    files: read.map(({ name }) => name),
    leftOut: arranged?.leftOut.map(({ name }) => name) ?? [],
    checksSignatures: keys !== undefined,
    unprovenFirst: csv?.unprovenFirst(),
    headsElsewhere: anchor.heads.size,
    newestHead: newest && { sequence: newest.sequence, signedAt: newest.signedAt },
    anchorIsTorn: anchor.torn,
    bytes,
  };
}
