import type { KeyObject } from 'node:crypto';
import { chainHash, firstPreviousHash } from './audit-entry.ts';
import {
  type ChainedEntry,
  EXPORT_FORM,
  type ExportEnd,
  type ExportHeader,
  entryLine,
  headLine,
} from './audit-export.ts';
import { type AuditKey, isSignedBy, type SignedAuditHead } from './audit-head.ts';
import type { Instant } from './instant.ts';

export type AuditFault =
  /** The line is not what an export holds. */
  | 'DAMAGED'
  /** The entry, or the hash beside it, is not as it was written. */
  | 'CHANGED'
  | 'MISSING'
  /** Entries changed places. */
  | 'MOVED'
  /** Two entries have one number, or lines follow the end. */
  | 'INSERTED'
  /** The newest entries are missing. */
  | 'CUT'
  /** The chain is whole, but it is not the one that was signed. */
  | 'REWRITTEN'
  /** A head is not signed by a key that was given, or its signature does not fit. */
  | 'WRONG_KEY'
  /** The export says that it is another part of the log than the one that was asked for. */
  | 'OTHER_PART'
  /** A part begins too late: its first entry must be older than what was asked for. */
  | 'FRONT_CUT'
  /** A line of the anchor that is not the last one is no head. */
  | 'ANCHOR_DAMAGED'
  /** A head of the anchor is not signed by a key that was given, or its signature does not fit. */
  | 'ANCHOR_WRONG_KEY'
  /** The anchor has two heads with different hashes for one entry. */
  | 'ANCHOR_CONTRADICTION';

export interface AuditFinding {
  /** Of the file, from 1; 0 if it is about the anchor. */
  readonly line: number;
  /** The number of the entry that is wrong, or stands in the wrong place; 0 if it is about none. */
  readonly sequence: number;
  readonly fault: AuditFault;
}

export interface AuditVerdict {
  readonly header: ExportHeader | undefined;
  readonly entries: number;
  /** The sequence of the last entry that follows from the chain. */
  readonly last: number;
  /** Of that entry. */
  readonly lastHash: string;
  /** The last signed head that the chain holds. Nothing vouches for later entries. */
  readonly vouched: { readonly sequence: number; readonly signedAt: Instant } | undefined;
  /** The first one. */
  readonly finding: AuditFinding | undefined;
}

export type AnchoredHead = Pick<SignedAuditHead, 'sequence' | 'hash' | 'signedAt'>;

/** `line` is that of the anchor. */
export type AnchorProblem = AuditFinding;

/** What was kept outside the database. */
export interface Anchor {
  /** Verified heads of this project, by sequence. */
  readonly heads: ReadonlyMap<number, AnchoredHead>;
  /** The first one. */
  readonly problem: AnchorProblem | undefined;
}

/** An entry's place in the chain. */
export interface ChainPlace {
  readonly sequence: number;
  readonly hash: string;
}

export interface AuditVerifierOptions {
  /** By key id. Nothing that the file says of keys is trusted. */
  readonly publicKeys: ReadonlyMap<string, KeyObject>;
  readonly anchor?: Anchor;
  /** The times that the export was limited by when it was asked for; null: not limited. What it says itself does not count. */
  readonly from?: Instant | null;
  readonly to?: Instant | null;
  /** The last archived entry, if the archive is verified apart. Default: the log begins at entry 1. */
  readonly after?: ChainPlace | undefined;
}

const NO_ANCHOR: Anchor = { heads: new Map(), problem: undefined };

export interface AuditVerifier {
  /** Lines in their order, without line breaks. */
  take(text: string): void;
  end(): AuditVerdict;
}

/** What is wrong at a line, and with which entry. */
type Problem = (Pick<AuditFinding, 'fault' | 'sequence'> & Partial<AuditFinding>) | undefined;

/**
 * Verifies an NDJSON export of one audit log, line by line. Archives come before it, oldest first: each part goes on where the
 * one before ended.
 */
export function createAuditVerifier({
  publicKeys,
  anchor = NO_ANCHOR,
  from = null,
  to = null,
  after,
}: AuditVerifierOptions): AuditVerifier {
  let line = 0;
  let header: ExportHeader | undefined;
  let previousHash = '';
  let last = 0;
  let entries = 0;
  /** Of the archive or export that is being read. */
  let entriesOfPart = 0;
  let ended = false;
  let vouched: AuditVerdict['vouched'];
  let finding: AuditFinding | undefined;
  /** Whether entries follow a missing one: else it was the tail that is missing. */
  let continues = false;

  function problemAt(text: string): Problem {
    if (line === 1) return begin(text);
    const parsed = parse(text);
    if (ended) return parsed?.record === 'header' ? goOn(parsed) : { fault: 'INSERTED', sequence: last + 1 };
    switch (parsed?.record) {
      case 'entry':
        return entry(parsed, text);
      case 'head':
        return head(parsed, text);
      case 'end':
        return close(parsed);
      case 'key':
        return undefined;
      default:
        return { fault: 'DAMAGED', sequence: last + 1 };
    }
  }

  function begin(text: string): Problem {
    const damaged: Problem = { fault: 'DAMAGED', sequence: 0 };
    const parsed = parse(text);
    if (parsed?.record !== 'header' || parsed.form !== EXPORT_FORM) return damaged;
    const { project, firstSequence } = parsed;
    if (typeof project !== 'string' || !Number.isSafeInteger(firstSequence) || firstSequence < 1) return damaged;
    header = parsed;
    last = firstSequence - 1;
    // The first hash follows from the project. A later one is as good as the head that is signed after it.
    previousHash = firstSequence === 1 ? firstPreviousHash(project) : String(parsed.previousHash);
    if (last === after?.sequence) previousHash = after.hash;
    return parsed.previousHash === previousHash ? problemOfPart(parsed) : damaged;
  }

  /** Nobody signs the header: only who asked for the export knows which part of the log it must be. */
  function problemOfPart(read: ExportHeader): Problem {
    const startsRight = from !== null || last === (after?.sequence ?? 0);
    if (!startsRight || read.from !== from || read.to !== to) return { fault: 'OTHER_PART', sequence: 0 };
    if (anchor.problem !== undefined) return { ...anchor.problem, line: 0 };
    const before = anchor.heads.get(last)?.hash ?? previousHash;
    return before === previousHash ? undefined : { fault: 'REWRITTEN', sequence: last };
  }

  /** Another archive, or the export, after an archive: only whole ones follow each other. */
  function goOn({ form, project, from: since, to: until, firstSequence, previousHash: before }: HeaderLine): Problem {
    const isWhole = since === null && until === null && from === null && to === null;
    const continues = isWhole && form === EXPORT_FORM && project === header?.project && before === previousHash;
    if (firstSequence > last + 1) return { fault: 'MISSING', sequence: last + 1 };
    if (!continues || firstSequence !== last + 1) return { fault: 'INSERTED', sequence: last + 1 };
    ended = false;
    entriesOfPart = 0;
    return undefined;
  }

  function entry(read: ChainedEntry, text: string): Problem {
    const expected = last + 1;
    const { sequence } = read;
    if (Number.isSafeInteger(sequence) && sequence !== expected) {
      return sequence > expected ? { fault: 'MISSING', sequence: expected } : { fault: 'INSERTED', sequence };
    }
    const hash = hashOf(previousHash, read, text);
    if (sequence !== expected || hash === undefined || hash !== read.hash)
      return { fault: 'CHANGED', sequence: expected };
    if (entries === 0 && last > 0 && !isBeforePart(read)) return { fault: 'FRONT_CUT', sequence: expected };
    previousHash = hash;
    last = expected;
    entries += 1;
    entriesOfPart += 1;
    const anchored = anchor.heads.get(last);
    if (anchored === undefined) return undefined;
    if (anchored.hash !== hash) return { fault: 'REWRITTEN', sequence: last };
    vouched = anchored;
    return undefined;
  }

  /** The entry before a part shows that nothing is missing between the two. After an archive nothing is. */
  function isBeforePart({ occurredAt }: ChainedEntry): boolean {
    return from === null || occurredAt < from;
  }

  function head({ project, ...read }: HeadLine, text: string): Problem {
    const signed: SignedAuditHead = { ...read, projectId: project };
    if (project !== header?.project || headLine(signed) !== text || !isAuthentic(signed, publicKeys)) {
      return { fault: 'WRONG_KEY', sequence: last };
    }
    if (signed.sequence > last) return { fault: 'MISSING', sequence: last + 1 };
    if (signed.sequence < last) return { fault: 'MOVED', sequence: last };
    if (signed.hash !== previousHash) return { fault: 'REWRITTEN', sequence: last };
    vouched = { sequence: signed.sequence, signedAt: signed.signedAt };
    return undefined;
  }

  function close(read: ExportEnd): Problem {
    ended = true;
    const isEnd = read.lastSequence === last && read.entries === entriesOfPart && read.lastHash === previousHash;
    if (isEnd && entries === 0 && from !== null && last > 0) return { fault: 'FRONT_CUT', sequence: last + 1 };
    return isEnd ? undefined : { fault: 'CUT', sequence: last + 1 };
  }

  /** Tells a missing entry from one that was moved. Of the lines after the first finding nothing else is of interest. */
  function explainMissing(text: string): void {
    if (finding?.fault !== 'MISSING') return;
    const parsed = parse(text);
    if (parsed?.record !== 'entry') return;
    continues = true;
    if (parsed.sequence === finding.sequence) finding = { ...finding, fault: 'MOVED' };
  }

  /** An export that was limited on purpose may leave out what was signed after its limit. */
  function isCutByAnchor(): boolean {
    return [...anchor.heads.values()].some(
      ({ sequence, signedAt }) => sequence > last && (to === null || signedAt < to),
    );
  }

  function finish(): AuditFinding | undefined {
    if (finding?.fault === 'MISSING' && !continues) return { ...finding, fault: 'CUT' };
    if (finding !== undefined) return finding;
    if (!ended) return { line: line + 1, sequence: last + 1, fault: 'CUT' };
    return isCutByAnchor() ? { line: 0, sequence: last + 1, fault: 'CUT' } : undefined;
  }

  return {
    take(text) {
      line += 1;
      if (finding === undefined) {
        const problem = problemAt(text);
        if (problem) finding = { line, ...problem };
      }
      explainMissing(text);
    },
    end: () => ({ header, entries, last, lastHash: previousHash, vouched, finding: finish() }),
  };
}

type HeadLine = Omit<SignedAuditHead, 'projectId'> & { readonly project: string };
type HeaderLine = ExportHeader & { readonly record: 'header'; readonly form: number };
type ExportLine =
  | HeaderLine
  | ({ readonly record: 'entry' } & ChainedEntry)
  | ({ readonly record: 'head' } & HeadLine)
  | ({ readonly record: 'key' } & AuditKey)
  | ({ readonly record: 'end' } & ExportEnd);

/** What the line claims to be. Each part is checked where it is used. */
function parse(text: string): ExportLine | undefined {
  try {
    const value: ExportLine | null = JSON.parse(text);
    return value ?? undefined;
  } catch {
    return undefined;
  }
}

/** Undefined if the line holds more or other than an entry: what is not hashed must not be there. */
function hashOf(previousHash: string, read: ChainedEntry, text: string): string | undefined {
  try {
    return entryLine(read) === text ? chainHash(previousHash, read.sequence, read) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether one of the keys signed the head. A head can be any JSON. */
export function isAuthentic(head: SignedAuditHead, publicKeys: ReadonlyMap<string, KeyObject>): boolean {
  const key = publicKeys.get(head.keyId);
  try {
    return key !== undefined && isSignedBy(head, key);
  } catch {
    return false;
  }
}

/** What the first line of an export says of it: any JSON, until it is verified. */
export function headerOfExport(firstLine: string): Partial<ExportHeader> {
  const header = parse(firstLine);
  return header?.record === 'header' ? header : {};
}
