import type { Anchor } from './anchor.ts';
import type { AuditFault, ExportHeader, Finding, Verdict, Vouched } from './findings.ts';
import type { TrustedKeys } from './heads.ts';
import { createRecordReader, type Line, type ReadRecord } from './records.ts';

const EXPORT_FORM = 1;

export interface ChainOptions {
  /** Undefined: signatures cannot be checked. Then the chain is, and nothing vouches for it. */
  readonly keys: TrustedKeys | undefined;
  /** The log must be this project's. Default: whatever the header says. */
  readonly project?: string;
  /** The limits that the export was asked for with; null: the whole log. What its header says does not count. */
  readonly from?: string | null;
  readonly to?: string | null;
  readonly anchor?: Anchor;
  /** Heads of the anchor, by entry, that prove nothing if they come after the last entry: the export may be older than they are. */
  readonly mayBeLater?: ReadonlySet<number>;
  /** The entries begin wherever they do, as those of a CSV file. */
  readonly startsAnywhere?: boolean;
}

export interface ChainVerifier {
  /** The next lines, of one file. */
  take(lines: readonly Line[], file?: number): Promise<void>;
  /** So far. */
  entries(): number;
  /** Whether nothing that follows could change what was found. */
  isSettled(): boolean;
  end(): Verdict;
}

type Entry = Extract<ReadRecord, { kind: 'entry' }>;
type Problem = { readonly fault: AuditFault; readonly sequence: number } & Partial<Finding>;

/** Follows the chain through an export, or through archives and the export after them, oldest first. */
export function createChainVerifier(options: ChainOptions): ChainVerifier {
  const { keys, from = null, to = null, anchor, mayBeLater, startsAnywhere = false } = options;
  const reader = createRecordReader(keys);
  let header: ExportHeader | undefined;
  let place = { line: 0, file: 0 };
  let last = 0;
  let lastHash = '';
  let lastAt: string | undefined;
  let entries = 0;
  /** Of the file, for its end. */
  let entriesOfPart = 0;
  let hasBegun = false;
  let hasEnded = false;
  let vouched: Vouched | undefined;
  let finding: Finding | undefined;
  /** Whether entries follow a missing one. If none does, the tail was cut. */
  let continues = false;

  function problemOf(record: ReadRecord): Problem | undefined {
    if (!hasBegun) return begin(record);
    if (hasEnded) return goOn(record);
    switch (record.kind) {
      case 'entry':
        return follow(record);
      case 'head':
        return compareHead(record);
      case 'end':
        return close(record);
      case 'key':
        return undefined;
      default:
        return { fault: 'DAMAGED', sequence: last + 1 };
    }
  }

  function begin(record: ReadRecord): Problem | undefined {
    hasBegun = true;
    const damaged: Problem = { fault: 'DAMAGED', sequence: 0 };
    if (record.kind !== 'header') return damaged;
    const { project, form, firstSequence, previousHash } = record.header;
    const isHeader = form === EXPORT_FORM && typeof project === 'string' && Number.isSafeInteger(firstSequence);
    if (!isHeader || firstSequence < 1) return damaged;
    header = record.header;
    last = firstSequence - 1;
    lastHash = firstSequence === 1 ? record.projectHash : previousHash;
    if (options.project !== undefined && project !== options.project) {
      return { fault: 'OTHER_PROJECT', sequence: 0, foundProject: project };
    }
    return previousHash === lastHash ? problemOfPart(record.header) : damaged;
  }

  /** Nobody signs the header: only who asked for the export knows which part of the log it must be. */
  function problemOfPart(read: ExportHeader): Problem | undefined {
    const isAsked = read.from === from && read.to === to && (from !== null || last === 0);
    if (!isAsked && !startsAnywhere) return { fault: 'OTHER_PART', sequence: 0 };
    if (anchor?.problem !== undefined) return { ...anchor.problem, line: 0 };
    const before = anchor?.heads.get(last);
    if (before === undefined || before.hash === lastHash) return undefined;
    return { fault: 'REWRITTEN', sequence: last, expectedHash: before.hash, foundHash: lastHash };
  }

  /** After an end only the next archive, or the export, may stand: whole, and going on where this one ended. */
  function goOn(record: ReadRecord): Problem | undefined {
    const inserted: Problem = { fault: 'INSERTED', sequence: last + 1 };
    if (record.kind !== 'header') return inserted;
    const next = record.header;
    if (next.firstSequence > last + 1) return { fault: 'MISSING', sequence: last + 1 };
    const isWhole = [next.from, next.to, from, to].every((limit) => limit === null);
    const isNext = next.firstSequence === last + 1 && next.previousHash === lastHash;
    if (!isWhole || !isNext || next.form !== EXPORT_FORM || next.project !== header?.project) return inserted;
    hasEnded = false;
    entriesOfPart = 0;
    return undefined;
  }

  function follow({ entry, previousHash, hash, because }: Entry): Problem | undefined {
    const expected = last + 1;
    const { sequence, occurredAt } = entry;
    const told = { entry, ...(lastAt !== undefined && { before: lastAt }) };
    if (Number.isSafeInteger(sequence) && sequence !== expected) {
      return sequence > expected
        ? { ...told, fault: 'MISSING', sequence: expected }
        : { ...told, fault: 'INSERTED', sequence };
    }
    if (sequence !== expected || hash === undefined || hash !== entry.hash || previousHash !== lastHash) {
      return {
        ...told,
        fault: 'CHANGED',
        sequence: expected,
        foundHash: String(entry.hash),
        ...(hash !== undefined && { expectedHash: hash }),
        ...(because !== undefined && { because }),
      };
    }
    // The entry before a part shows that none is missing between the two.
    const isFront = entries === 0 && last > 0 && from !== null;
    if (isFront && occurredAt >= from) return { ...told, fault: 'FRONT_CUT', sequence };
    last = expected;
    lastHash = hash;
    lastAt = occurredAt;
    entries += 1;
    entriesOfPart += 1;
    return compareAnchor();
  }

  function compareAnchor(): Problem | undefined {
    const anchored = anchor?.heads.get(last);
    if (anchored === undefined) return undefined;
    if (anchored.hash !== lastHash) {
      return { fault: 'REWRITTEN', sequence: last, expectedHash: anchored.hash, foundHash: lastHash };
    }
    vouched = anchored;
    return undefined;
  }

  function compareHead({ head, isSigned }: Extract<ReadRecord, { kind: 'head' }>): Problem | undefined {
    const { sequence, hash, signedAt, keyId } = head;
    if (!isSigned || head.project !== header?.project) {
      return { fault: 'WRONG_KEY', sequence: last, keyId: String(keyId) };
    }
    if (sequence > last) return { fault: 'MISSING', sequence: last + 1 };
    if (sequence < last) return { fault: 'MOVED', sequence: last };
    if (hash !== lastHash) return { fault: 'REWRITTEN', sequence: last, expectedHash: hash, foundHash: lastHash };
    if (keys !== undefined) vouched = { sequence, signedAt, keyId };
    return undefined;
  }

  function close({ end }: Extract<ReadRecord, { kind: 'end' }>): Problem | undefined {
    hasEnded = true;
    const isEnd = end.lastSequence === last && end.entries === entriesOfPart && end.lastHash === lastHash;
    if (!isEnd) return { fault: 'CUT', sequence: last + 1 };
    const isEmptyPart = entries === 0 && last > 0 && from !== null;
    return isEmptyPart ? { fault: 'FRONT_CUT', sequence: last + 1 } : undefined;
  }

  /** What stands after a gap tells a missing entry from a moved one. Nothing else after the first finding is of interest. */
  function lookPast(record: ReadRecord): void {
    if (finding === undefined || record.kind !== 'entry') return;
    if (finding.line !== record.line) finding = { after: record.entry.occurredAt, ...finding };
    if (finding.fault !== 'MISSING') return;
    continues = true;
    if (record.entry.sequence === finding.sequence) finding = { ...finding, fault: 'MOVED' };
  }

  /** Of an export that was limited, what was signed after its limit may be missing. */
  function isCutByAnchor(): boolean {
    return [...(anchor?.heads.values() ?? [])].some(
      ({ sequence, signedAt }) => sequence > last && !mayBeLater?.has(sequence) && (to === null || signedAt < to),
    );
  }

  function finish(): Finding | undefined {
    if (finding?.fault === 'MISSING' && !continues) return { ...finding, fault: 'CUT' };
    if (finding !== undefined) return finding;
    const cut = { file: place.file, sequence: last + 1, fault: 'CUT' } as const;
    if (!hasEnded) return { ...cut, line: place.line + 1 };
    return isCutByAnchor() ? { ...cut, line: 0 } : undefined;
  }

  return {
    async take(lines, file = 0) {
      for (const record of await reader.read(lines, { hashed: finding === undefined })) {
        place = { line: record.line, file };
        if (finding === undefined) {
          const problem = problemOf(record);
          if (problem !== undefined) finding = { ...place, ...problem };
        }
        lookPast(record);
      }
    },
    entries: () => entries,
    isSettled: () => finding !== undefined && finding.fault !== 'MISSING' && finding.after !== undefined,
    end: () => ({ header, entries, last, lastHash, vouched, finding: finish() }),
  };
}
