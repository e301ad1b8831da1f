import { type ChainedEntry, hashedText, isCanonical, isKnownFormat } from './entries.ts';
import type { ExportHeader, Finding } from './findings.ts';
import { headLine, isSigned, type SignedHead, type TrustedKeys } from './heads.ts';
import { sha256 } from './web-crypto.ts';

/** A line with its place. */
export interface Line {
  /** Of its file, from 1. */
  readonly line: number;
  readonly text: string;
}

export interface ExportEnd {
  readonly record: 'end';
  readonly entries: number;
  readonly lastSequence: number;
  readonly lastHash: string;
}

type Parsed =
  | ExportHeader
  | ({ readonly record: 'entry' } & ChainedEntry)
  | ({ readonly record: 'head' } & SignedHead)
  | { readonly record: 'key' }
  | ExportEnd;

/** A line that was read, with the slow parts of its verification done. */
export type ReadRecord = Line &
  (
    | { readonly kind: 'header'; readonly header: ExportHeader; readonly projectHash: string }
    | {
        readonly kind: 'entry';
        readonly entry: ChainedEntry;
        /** The hash before it as the line before claims, and the hash that follows from it. Undefined: `because` says why. */
        readonly previousHash: string;
        readonly hash: string | undefined;
        readonly because?: Finding['because'];
      }
    | { readonly kind: 'head'; readonly head: SignedHead; readonly isSigned: boolean }
    | { readonly kind: 'end'; readonly end: ExportEnd }
    | { readonly kind: 'key' | 'unknown' }
  );

export interface RecordReader {
  /**
   * Lines that follow those before. Their hashes are computed side by side: each from the hash that the line before claims.
   * `hashed`: false if nobody looks at hashes any more.
   */
  read(lines: readonly Line[], options: { readonly hashed: boolean }): Promise<ReadRecord[]>;
}

/** `keys`: undefined if signatures cannot be checked, and are taken for what they say. */
export function createRecordReader(keys: TrustedKeys | undefined): RecordReader {
  let claimedHash = '';

  async function readHeader(line: Line, header: ExportHeader): Promise<ReadRecord> {
    return { ...line, kind: 'header', header, projectHash: await sha256(String(header.project)) };
  }

  async function readEntry(
    line: Line,
    entry: ChainedEntry,
    previousHash: string,
    hashed: boolean,
  ): Promise<ReadRecord> {
    const read = { ...line, kind: 'entry', entry, previousHash } as const;
    if (!hashed) return { ...read, hash: undefined };
    if (!isKnownFormat(entry.format)) return { ...read, hash: undefined, because: 'UNKNOWN_FORMAT' };
    if (!isCanonical(entry, line.text)) return { ...read, hash: undefined, because: 'MORE_THAN_AN_ENTRY' };
    return { ...read, hash: await sha256(`${previousHash}\n${hashedText(entry)}`) };
  }

  async function readHead(line: Line, head: SignedHead): Promise<ReadRecord> {
    const isWhole = headLine(head) === line.text;
    return { ...line, kind: 'head', head, isSigned: isWhole && (keys === undefined || (await isSigned(head, keys))) };
  }

  function readLine(line: Line, hashed: boolean): ReadRecord | Promise<ReadRecord> {
    const parsed = parse(line.text);
    switch (parsed?.record) {
      case 'header':
        claimedHash = String(parsed.previousHash);
        return readHeader(line, parsed);
      case 'entry': {
        const previousHash = claimedHash;
        claimedHash = String(parsed.hash);
        return readEntry(line, parsed, previousHash, hashed);
      }
      case 'head':
        return readHead(line, parsed);
      case 'end':
        return { ...line, kind: 'end', end: parsed };
      case 'key':
        return { ...line, kind: 'key' };
      default:
        return { ...line, kind: 'unknown' };
    }
  }

  return { read: (lines, { hashed }) => Promise.all(lines.map((line) => readLine(line, hashed))) };
}

/** What the line claims to be. Each member is checked where it is used. */
function parse(text: string): Parsed | undefined {
  try {
    const value: Parsed | null = JSON.parse(text);
    return value ?? undefined;
  } catch {
    return undefined;
  }
}

/** What the first line of an export says of it; undefined if it is no header. */
export function headerOf(firstLine: string): ExportHeader | undefined {
  const parsed = parse(firstLine);
  return parsed?.record === 'header' ? parsed : undefined;
}

/** What the last line of an export says of it; undefined if it is no end. */
export function endOf(lastLine: string): ExportEnd | undefined {
  const parsed = parse(lastLine);
  return parsed?.record === 'end' ? parsed : undefined;
}
