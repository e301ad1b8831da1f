import fc from 'fast-check';
import type { TimeLimits } from '../../src/application/ports/audit-rows.ts';
import { chainHash } from '../../src/domain/audit-entry.ts';
import { type ChainedEntry, entryLine, headLine } from '../../src/domain/audit-export.ts';
import type { SignedAuditHead } from '../../src/domain/audit-head.ts';
import { anchorTamperings } from './anchor-tamperings.ts';
import { chained, type HeadKey, exportLines as linesOf, PROJECT } from './audit-exports.ts';

/** An export, and what a verifier has to say of it. */
export interface TamperedExport {
  readonly how: string;
  readonly lines: readonly string[];
  readonly withAnchor: boolean;
  /** The lines of an anchor that was tampered with. Default: those of all heads. */
  readonly anchor?: readonly string[];
  /** What the caller says that it asked for. Default: the whole log. */
  readonly limits?: Partial<TimeLimits>;
  /** Undefined: nothing can be found, and the verifier vouches for less. */
  readonly found: { readonly sequence?: number; readonly line?: number } | undefined;
  /** The most that may be vouched for. */
  readonly vouched: number;
}

export interface Original {
  readonly entries: readonly ChainedEntry[];
  readonly heads: readonly SignedAuditHead[];
  readonly key: HeadKey;
  /** Of the one who tampers. */
  readonly otherKey: HeadKey;
}

const TEXTS = ['action', 'outcome', 'code', 'field', 'actor', 'issuer', 'tokenId', 'ipAddress', 'userAgent'] as const;
const MORE_TEXTS = [
  'requestId',
  'registryId',
  'url',
  'pipeline',
  'runId',
  'image',
  'leaseId',
  'until',
  'hash',
] as const;

/** Each is as random as it can be while the right answer is known. */
export function tamperings(original: Original): fc.Arbitrary<TamperedExport> {
  const { entries, heads, key, otherKey } = original;
  const last = entries.length;
  const sequence = fc.integer({ min: 1, max: last });
  const at = (number: number) => entries[number - 1] as ChainedEntry;
  const headFrom = (number: number) => heads.find((head) => head.sequence >= number)?.sequence ?? last;
  const vouchedBefore = (number: number) => heads.findLast((head) => head.sequence < number)?.sequence ?? 0;
  const lineOf = (lines: readonly string[], text: string) => lines.indexOf(text) + 1;
  const changedText = (value: string | null) => (value === 'x' ? 'y' : 'x');
  const exportLines = (of: readonly ChainedEntry[], signed: readonly SignedAuditHead[]) =>
    linesOf(of, signed, {}, [key]);
  const lines = exportLines(entries, heads);
  const signedAt = new Set(heads.map((head) => head.sequence));

  const tampered = (
    how: string,
    of: readonly string[],
    found: TamperedExport['found'],
    vouched: number,
    withAnchor = false,
  ): TamperedExport => ({ how, lines: of, found, vouched, withAnchor });
  const replaced = (from: string, ...to: readonly string[]) => lines.flatMap((line) => (line === from ? to : [line]));
  /** From the entry on, everything is hashed anew. */
  const rewritten = (number: number) => chained(entries.with(number - 1, { ...at(number), actor: 'mallory' }), number);

  return fc.oneof(
    fc.tuple(sequence, fc.constantFrom(...TEXTS, ...MORE_TEXTS)).map(([number, field]) => {
      const line = entryLine({ ...at(number), [field]: changedText(at(number)[field]) });
      const of = replaced(entryLine(at(number)), line);
      return tampered(
        `edited ${field} of ${number}`,
        of,
        { sequence: number, line: lineOf(of, line) },
        vouchedBefore(number),
      );
    }),
    fc
      .tuple(sequence, fc.constantFrom('format', 'durationMs', 'count', 'changes', 'identity'))
      .map(([number, field]) => {
        const entry = at(number);
        const other = {
          format: 2,
          durationMs: 99,
          count: 2,
          changes: [],
          identity: { ruleId: 'x', ruleName: 'x', claims: [] },
        };
        const line = entryLine({ ...entry, ...{ [field]: other[field] } });
        const of = replaced(entryLine(entry), line);
        return tampered(`edited ${field} of ${number}`, of, { sequence: number }, vouchedBefore(number));
      }),
    sequence.map((number) => {
      const entry = { ...at(number), actor: 'mallory' };
      const hash = chainHash(at(number - 1)?.hash ?? '', number, entry);
      const of = replaced(entryLine(at(number)), entryLine({ ...entry, hash: number === 1 ? entry.hash : hash }));
      const found = number === 1 || signedAt.has(number) ? number : number + 1;
      return tampered(`edited ${number} with its hash`, of, { sequence: found }, vouchedBefore(number));
    }),
    sequence.map((number) =>
      tampered(`deleted ${number}`, replaced(entryLine(at(number))), { sequence: number }, vouchedBefore(number)),
    ),
    fc
      .tuple(sequence, sequence)
      .filter(([a, b]) => a < b)
      .map(([a, b]) => {
        const swapped = lines.map((line) => {
          if (line === entryLine(at(a))) return entryLine(at(b));
          return line === entryLine(at(b)) ? entryLine(at(a)) : line;
        });
        const found = { sequence: a, line: lineOf(lines, entryLine(at(a))) };
        return tampered(`swapped ${a} and ${b}`, swapped, found, vouchedBefore(a));
      }),
    fc
      .tuple(sequence, sequence)
      .filter(([a, b]) => a < b)
      .map(([a, b]) => {
        const first = entryLine({ ...at(b), sequence: a });
        const second = entryLine({ ...at(a), sequence: b });
        const swapped = lines.map((line) => {
          if (line === entryLine(at(a))) return first;
          return line === entryLine(at(b)) ? second : line;
        });
        return tampered(
          `swapped what ${a} and ${b} say`,
          swapped,
          { sequence: a, line: lineOf(swapped, first) },
          vouchedBefore(a),
        );
      }),
    fc
      .tuple(sequence, sequence)
      .filter(([a, b]) => a <= b)
      .map(([a, b]) => {
        const of = replaced(entryLine(at(b)), entryLine(at(b)), entryLine(at(a)));
        const line = lineOf(lines, entryLine(at(b))) + 1;
        return tampered(`inserted ${a} once more after ${b}`, of, { sequence: a, line }, vouchedBefore(b));
      }),
    sequence.map((number) => {
      const forged = { ...at(number), actor: 'mallory', sequence: number + 1 };
      const line = entryLine({ ...forged, hash: chainHash(at(number).hash, number + 1, forged) });
      const of = replaced(entryLine(at(number)), entryLine(at(number)), line);
      return tampered(`inserted one after ${number}`, of, { sequence: number + 1 }, vouchedBefore(number));
    }),
    sequence.map((number) => {
      const kept = exportLines(entries.slice(0, number - 1), heads);
      return tampered(`cut from ${number} on, heads survive`, kept, { sequence: number }, vouchedBefore(number));
    }),
    fc.tuple(sequence, fc.boolean()).map(([number, withAnchor]) => {
      const kept = exportLines(
        entries.slice(0, number - 1),
        heads.filter((head) => head.sequence < number),
      );
      const found = withAnchor ? { sequence: number } : undefined;
      return tampered(`cut from ${number} on with the heads`, kept, found, vouchedBefore(number), withAnchor);
    }),
    sequence.map((number) => {
      const of = exportLines(rewritten(number), heads);
      return tampered(`rewritten from ${number} on`, of, { sequence: headFrom(number) }, vouchedBefore(number));
    }),
    fc.tuple(sequence, fc.boolean()).map(([number, claimsKey]) => {
      const written = rewritten(number);
      const resigned = heads.map((head): SignedAuditHead => {
        if (head.sequence < number) return head;
        const { hash } = written[head.sequence - 1] as ChainedEntry;
        return { ...otherKey.sign({ sequence: head.sequence, hash }), ...(claimsKey && { keyId: key.keyId }) };
      });
      const of = exportLines(written, resigned);
      return tampered(
        `rewritten from ${number} on and signed anew`,
        of,
        { sequence: headFrom(number) },
        vouchedBefore(number),
      );
    }),
    fc.tuple(sequence, fc.boolean()).map(([number, withAnchor]) => {
      const of = exportLines(rewritten(number), []);
      const found = withAnchor ? { sequence: headFrom(number) } : undefined;
      return tampered(
        `rewritten from ${number} on without heads`,
        of,
        found,
        withAnchor ? vouchedBefore(number) : 0,
        withAnchor,
      );
    }),
    fc
      .tuple(
        fc.nat(heads.length - 1),
        fc.constantFrom('project', 'sequence', 'hash', 'signedAt', 'instance', 'signature'),
      )
      .map(([index, field]) => {
        const head = heads[index] as SignedAuditHead;
        const other = { project: 'other', sequence: head.sequence + 1, hash: '0'.repeat(64) };
        const more = {
          signedAt: '2026-01-01T00:00:00.000Z',
          instance: 'x',
          signature: `${head.signature.slice(0, -3)}B==`,
        };
        const line = JSON.stringify({ ...JSON.parse(headLine(head)), ...{ [field]: { ...other, ...more }[field] } });
        const of = replaced(headLine(head), line);
        return tampered(`edited ${field} of a head`, of, { sequence: head.sequence }, vouchedBefore(head.sequence));
      }),
    fc
      .tuple(fc.integer({ min: 1, max: lines.length - 1 }), fc.nat(), fc.integer({ min: 1, max: 255 }))
      // Nobody trusts what the file says of keys, so nobody finds a change there.
      .filter(([index]) => !lines[index]?.startsWith('{"record":"key"'))
      .map(([index, place, mask]) => {
        const line = Buffer.from(lines[index] ?? '');
        line.writeUInt8((line[place % line.length] ?? 0) ^ mask, place % line.length);
        const of = lines.with(index, line.toString('latin1'));
        return tampered(`flipped bits of line ${index + 1}`, of, { line: index + 1 }, last);
      }),
    sequence.map((number) => {
      const hidden = entryLine(at(number)).replace('"record":"entry"', `"record":"entry","actor":"mallory"`);
      const of = replaced(entryLine(at(number)), hidden);
      return tampered(`hid another actor in ${number}`, of, { sequence: number }, vouchedBefore(number));
    }),
    fc.constant(0).map(() => {
      const header = JSON.parse(lines[0] ?? '');
      const of = lines.with(0, JSON.stringify({ ...header, project: `${PROJECT}x` }));
      return tampered('said to be of another project', of, { line: 1 }, 0);
    }),
    fc.constant(0).map(() => tampered('cut off in the download', lines.slice(0, -1), { sequence: last + 1 }, last)),
    fc.constant(0).map(() => {
      const [header = '', , ...rest] = lines;
      const [, named = ''] = linesOf([], [], {}, [otherKey]);
      return tampered('named another key', [header, named, ...rest], undefined, last);
    }),
    limitTamperings(original),
    anchorTamperings(original),
  );
}

/** An export says itself which part of the log it is. That counts only as far as its reader asked for it. */
function limitTamperings({ entries, heads, key }: Original): fc.Arbitrary<TamperedExport> {
  const last = entries.length;
  const later = fc.integer({ min: 2, max: last });
  const at = (number: number) => entries[number - 1] as ChainedEntry;
  const END = '2026-04-01T00:00:00.000Z';
  const OTHER = '2026-02-01T00:00:00.000Z';
  /** The entries from `first` up to before `end`. */
  const cut = (first: number, end: number, limits: Partial<TimeLimits>, of = entries) =>
    linesOf(
      of.slice(first - 1, end - 1),
      heads.filter(({ sequence }) => sequence >= first && sequence < end),
      { ...limits, ...(first > 1 && { firstSequence: first, previousHash: of[first - 2]?.hash ?? '' }) },
      [key],
    );
  /** As an export that was limited so has them: with the entry before. */
  const part = (first: number, end: number, limits: Partial<TimeLimits>, of = entries) =>
    cut(limits.from ? first - 1 : first, end, limits, of);
  const from = (number: number) => at(number).occurredAt;
  const found = { line: 1 };
  const afterHead = fc.constantFrom(...heads.map(({ sequence }) => sequence + 2).filter((number) => number <= last));

  return fc.oneof(
    fc.tuple(later, fc.boolean(), fc.boolean()).map(([number, says, withAnchor]): TamperedExport => {
      const lines = part(number, last + 1, says ? { from: from(number) } : {});
      return { how: `cut before ${number}${says ? ' and says so' : ''}`, lines, found, vouched: 0, withAnchor };
    }),
    fc.tuple(later, fc.boolean()).map(([number, withAnchor]): TamperedExport => {
      const to = heads.find(({ sequence }) => sequence >= number)?.signedAt ?? END;
      const lines = part(1, number, { to });
      return { how: `cut from ${number} on and says so`, lines, found, vouched: 0, withAnchor };
    }),
    fc.tuple(later, fc.constantFrom('from', 'to'), fc.boolean()).map(([number, name, withAnchor]): TamperedExport => {
      const limits = name === 'from' ? { from: from(number) } : { to: from(number) };
      const lines = name === 'from' ? part(number, last + 1, limits) : part(1, number, limits);
      const asked = { [name]: OTHER };
      return { how: `another ${name} than asked for, ${number}`, lines, limits: asked, found, vouched: 0, withAnchor };
    }),
    fc.tuple(later, fc.constantFrom('from', 'to')).map(([number, name]): TamperedExport => {
      const lines = linesOf(entries, heads, {}, [key]);
      const limits = { [name]: from(number) };
      return { how: `says not to be the part ${name} ${number}`, lines, limits, found, vouched: 0, withAnchor: true };
    }),
    fc.tuple(later, fc.boolean()).map(([number, withAnchor]): TamperedExport => {
      const limits = { to: END };
      const lines = part(1, number, limits);
      const vouched = heads.findLast(({ sequence }) => sequence < number)?.sequence ?? 0;
      const missing = withAnchor ? { line: 0, sequence: number } : undefined;
      return { how: `cut a limited one from ${number} on`, lines, limits, found: missing, vouched, withAnchor };
    }),
    later
      .filter((number) => number > 3)
      .map((number): TamperedExport => {
        const limits = { from: from(number) };
        const [, ...rest] = part(number, last + 1, limits);
        const header =
          linesOf([], [], { ...limits, firstSequence: number - 2, previousHash: at(number - 2).hash })[0] ?? '';
        const missing = { sequence: number - 2 };
        return {
          how: `counts ${number} too low`,
          lines: [header, ...rest],
          limits,
          found: missing,
          vouched: 0,
          withAnchor: false,
        };
      }),
    fc
      .oneof(later, afterHead)
      .filter((number) => number > 2)
      .map((number): TamperedExport => {
        const limits = { from: from(number) };
        const changed = chained(entries.with(number - 3, { ...at(number - 2), actor: 'mallory' }), number - 2);
        const lines = part(number, last + 1, limits, changed);
        const before = heads.some(({ sequence }) => sequence === number - 2);
        const next = heads.find(({ sequence }) => sequence > number - 2)?.sequence ?? last;
        const rewritten = before ? { line: 1, sequence: number - 2 } : { sequence: next };
        return { how: `rewritten before ${number}`, lines, limits, found: rewritten, vouched: 0, withAnchor: true };
      }),
    fc.tuple(later, later, fc.boolean()).map(([a, b, withAnchor]): TamperedExport => {
      const [asked, first] = [Math.min(a, b), Math.max(a, b)];
      const limits = { from: from(asked) };
      const lines = cut(first, last + 1, limits);
      const how = `cut the part from ${asked} before ${first}`;
      return { how, lines, limits, found: { sequence: first }, vouched: 0, withAnchor };
    }),
    later.map((number): TamperedExport => {
      const limits = { from: from(number) };
      const lines = linesOf([], [], { ...limits, firstSequence: last + 1, previousHash: at(last).hash }, [key]);
      const how = `cut all of the part from ${number}`;
      return { how, lines, limits, found: { sequence: last + 1 }, vouched: 0, withAnchor: false };
    }),
    fc.tuple(later, later, fc.boolean()).map(([a, b, withAnchor]): TamperedExport => {
      const [first, end] = [Math.min(a, b), Math.max(a, b)];
      const limits = { from: from(first), to: from(end) };
      const vouched = heads.findLast(({ sequence }) => sequence >= first - 1 && sequence < end)?.sequence ?? 0;
      const lines = part(first, end, limits);
      return { how: `none: the part ${first} to ${end}`, lines, limits, found: undefined, vouched, withAnchor };
    }),
  );
}
