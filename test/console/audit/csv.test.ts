import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Source, verifySources } from '../../../console/src/views/audit-verify/verification/run.ts';
import { CSV } from '../../../src/domain/audit-csv.ts';
import { type ChainedEntry, headLine } from '../../../src/domain/audit-export.ts';
import { auditEntry, chained, createHeadKey, PROJECT } from '../../support/audit-exports.ts';

const key = createHeadKey();
const publicKeys = [key.bytes.toString('base64')];
const entries = chained(
  Array.from({ length: 30 }, (_, index) => {
    const entry = auditEntry(index + 1);
    return index === 11 ? { ...entry, actor: `'=cmd|"x",\r\n`, pipeline: '\n"' } : entry;
  }),
);
const head = { ...key.sign({ sequence: 20, hash: entries[19]?.hash ?? '' }), project: PROJECT };
const HEADER = { project: '', from: null, to: null, firstSequence: 1, previousHash: '', exportedAt: '', purser: '' };

function csvOf(rows: readonly ChainedEntry[]): string {
  return CSV.header(HEADER) + rows.map((entry) => CSV.entry(entry)).join('');
}

/** Bytes that break where they like. */
function source(text: string, name = 'log.csv', size = 1_000): Source {
  const bytes = new TextEncoder().encode(text);
  return {
    name,
    size: bytes.length,
    async *read() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    },
  };
}

const verify = (text: string, heads = [head], project = PROJECT) =>
  verifySources({ project, publicKeys, from: null, to: null, heads, isLive: false }, [source(text)], () => undefined);

describe('a CSV export', () => {
  it('is followed from its first entry, with the signed heads of the service', async () => {
    const { verdict, form, unprovenFirst } = await verify(csvOf(entries));
    expect({ form, unprovenFirst }).toEqual({ form: 'csv', unprovenFirst: undefined });
    expect(verdict).toMatchObject({ entries: 30, last: 30, finding: undefined, vouched: { sequence: 20 } });
  });

  it('that begins in the middle takes its first row for the place where it begins', async () => {
    const { verdict, unprovenFirst } = await verify(csvOf(entries.slice(9)));
    expect(unprovenFirst).toBe(10);
    expect(verdict).toMatchObject({ entries: 20, last: 30, finding: undefined, vouched: { sequence: 20 } });
  });

  it('shows a changed row, by its line of the file', async () => {
    const changed = entries.map((entry) => (entry.sequence === 15 ? { ...entry, image: 'evil.example/app' } : entry));
    const { verdict } = await verify(csvOf(changed));
    // Three line breaks stand within texts before it, and the columns on line 1.
    expect(verdict.finding).toMatchObject({ fault: 'CHANGED', sequence: 15, line: 18, foundHash: entries[14]?.hash });
    expect(verdict.finding?.expectedHash).not.toBe(entries[14]?.hash);
    expect(verdict.finding?.entry?.image).toBe('evil.example/app');
  });

  it.each([
    ['missing', entries.toSpliced(4, 1), 'MISSING', 5],
    ['twice', entries.toSpliced(4, 0, ...entries.slice(4, 5)), 'INSERTED', 5],
    ['moved', entries.toSpliced(4, 1).toSpliced(8, 0, ...entries.slice(4, 5)), 'MOVED', 5],
    [
      'written anew',
      chained(
        entries.map((entry) => (entry.sequence === 8 ? { ...entry, actor: 'mallory' } : entry)),
        8,
      ),
      'REWRITTEN',
      20,
    ],
  ])('shows entries that are %s', async (_how, rows, fault, sequence) => {
    const { verdict } = await verify(csvOf(rows));
    expect(verdict.finding).toMatchObject({ fault, sequence });
  });

  it('shows a torn last row, and columns that are no export', async () => {
    expect((await verify(csvOf(entries).slice(0, -80))).verdict.finding).toMatchObject({
      fault: 'DAMAGED',
      sequence: 30,
    });
    await expect(verify('a,b,c\r\n1,2,3\r\n')).resolves.toMatchObject({
      verdict: { finding: { fault: 'DAMAGED', line: 1 } },
    });
  });

  it('of another project does not fit', async () => {
    expect((await verify(csvOf(entries), [], 'other')).verdict.finding).toMatchObject({
      fault: 'CHANGED',
      sequence: 1,
    });
  });

  it('hides nothing: what a cell says beside the entry is found', async () => {
    const text = csvOf(entries).replace('""to"":""name\n3""', '""to"":""name\\n3"",""actor"":""mallory""');
    const more = csvOf(entries).replace('""to"":""name\\n3""', '""to"":""name\\n3"",""actor"":""mallory""');
    expect([text, more]).not.toEqual([csvOf(entries), csvOf(entries)]);
    for (const each of [text, more].filter((other) => other !== csvOf(entries))) {
      expect((await verify(each)).verdict.finding).toMatchObject({ fault: 'CHANGED', sequence: 3 });
    }
  });

  it('is read whatever its texts are', async () => {
    const text = fc.string({
      unit: fc.constantFrom("'", '"', ',', '\r', '\n', '=', ' ', 'ä', '😀', '\\'),
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(text, text, async (actor, pipeline) => {
        const log = chained([{ ...auditEntry(1), actor, pipeline }, auditEntry(2)]);
        const { verdict } = await verify(csvOf(log), []);
        expect(verdict).toMatchObject({ entries: 2, finding: undefined });
      }),
      { numRuns: 100 },
    );
  });
});

describe('files that are verified together', () => {
  it('keeps heads that are older than the service for later, and takes an anchor at its word', async () => {
    const rows = csvOf(entries.slice(0, 10));
    expect((await verify(rows)).verdict).toMatchObject({ last: 10, finding: undefined });
    const anchor = source(`${headLine({ ...head, projectId: PROJECT })}\n`, 'anchor.ndjson');
    const task = { project: PROJECT, publicKeys, from: null, to: null, heads: [], isLive: false };
    const { verdict } = await verifySources(task, [source(rows), anchor], () => undefined);
    expect(verdict.finding).toMatchObject({ fault: 'CUT', line: 0, sequence: 11 });
  });
});
