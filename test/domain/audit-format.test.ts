import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type AuditEntry, chainHash, firstPreviousHash } from '../../src/domain/audit-entry.ts';
import { type ExportedEntry, firstBreak, hashedText } from '../support/audit-verifier.ts';

it('the hash chain matches the example in docs/audit-format.md', async () => {
  const page = await readFile('docs/audit-format.md', 'utf8');
  const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
  const [, line = ''] = /```text\n(.*?)\n```/s.exec(page) ?? [];
  const entries = JSON.parse(example) as ExportedEntry[];
  expect(firstBreak('demo', entries)).toBeUndefined();
  expect(entries[0] && hashedText(entries[0])).toBe(line);
  let previous = firstPreviousHash('demo');
  for (const entry of entries as (ExportedEntry & AuditEntry)[]) {
    previous = chainHash(previous, entry.sequence, entry);
    expect(previous).toBe(entry.hash);
  }
});

it('an entry is serialised as docs/audit-format.md says, whatever its texts hold', () => {
  const someText = fc.string({ unit: 'grapheme', maxLength: 12 });
  const control = fc.integer({ min: 1, max: 0x2030 }).map((code) => String.fromCodePoint(code));
  const text = fc.oneof(someText, control, fc.constantFrom('"', '\\', '/', '\u007f', '\u2028', '😀'));
  const maybe = fc.option(text);
  const entry: fc.Arbitrary<Omit<AuditEntry, 'outcome'>> = fc.record({
    format: fc.constant(1),
    eventId: fc.uuid(),
    occurredAt: text,
    action: text,
    code: maybe,
    field: maybe,
    actor: text,
    issuer: maybe,
    tokenId: maybe,
    ipAddress: maybe,
    userAgent: maybe,
    requestId: maybe,
    registryId: maybe,
    url: maybe,
    pipeline: maybe,
    runId: maybe,
    image: maybe,
    leaseId: maybe,
    changes: fc.array(fc.record({ field: text, from: maybe, to: maybe }), { maxLength: 4 }),
    durationMs: fc.option(fc.nat()),
    count: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    until: maybe,
    identity: fc.option(
      fc.record({
        ruleId: text,
        ruleName: text,
        claims: fc.array(fc.record({ name: text, value: text }), { maxLength: 3 }),
      }),
    ),
  });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
      let hash = firstPreviousHash('demo');
      const chain = entries.map((each, index): ExportedEntry => {
        const written = { ...each, outcome: 'SUCCEEDED' as const };
        hash = chainHash(hash, index + 1, written);
        return { ...written, sequence: index + 1, hash };
      });
      expect(firstBreak('demo', chain)).toBeUndefined();
    }),
  );
});
