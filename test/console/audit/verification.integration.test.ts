import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAnchorReader } from '../../../console/src/views/audit-verify/verification/anchor.ts';
import { createChainVerifier } from '../../../console/src/views/audit-verify/verification/chain.ts';
import type { Finding } from '../../../console/src/views/audit-verify/verification/findings.ts';
import { importKeys, type TrustedKeys } from '../../../console/src/views/audit-verify/verification/heads.ts';
import { headLine } from '../../../src/domain/audit-export.ts';
import { answerOf, mistake } from '../../support/audit-answers.ts';
import { auditEntry, chained, createHeadKey, exportLines, PROJECT } from '../../support/audit-exports.ts';
import { type TamperedExport, tamperings } from '../../support/export-tamperings.ts';

const TAMPERINGS = 1_000;
/** Lines that are verified side by side: where a batch ends must not matter. */
const BATCH = 7;
const key = createHeadKey();
const entries = chained(Array.from({ length: 40 }, (_, index) => auditEntry(index + 1)));
const heads = [4, 5, 11, 19, 20, 31, 40].map((sequence) =>
  key.sign({ sequence, hash: entries[sequence - 1]?.hash ?? '' }),
);
const sample = fc.sample(tamperings({ entries, heads, key, otherKey: createHeadKey() }), {
  numRuns: TAMPERINGS,
  seed: 20_260_301,
});

async function trusted(): Promise<TrustedKeys> {
  const keys = await importKeys([key.bytes.toString('base64')]);
  if (keys === undefined) throw new Error('this runtime has no Ed25519');
  return keys;
}

/** What the console finds. */
async function verdictOf({ lines, withAnchor, anchor, limits }: Omit<TamperedExport, 'how' | 'found' | 'vouched'>) {
  const keys = await trusted();
  const reader = createAnchorReader(PROJECT, keys);
  for (const line of withAnchor ? (anchor ?? heads.map(headLine)) : []) await reader.take(line);
  const verifier = createChainVerifier({ keys, ...limits, ...(withAnchor && { anchor: reader.end() }) });
  const numbered = lines.map((text, index) => ({ line: index + 1, text }));
  for (let at = 0; at < numbered.length; at += BATCH) await verifier.take(numbered.slice(at, at + BATCH));
  return verifier.end();
}

const placeOf = (finding: Finding | undefined) => (finding ? { line: finding.line, sequence: finding.sequence } : null);

describe('the verification of an audit log in a browser', () => {
  it('finds nothing in a log that is as it was exported', async () => {
    const lines = exportLines(entries, heads, {}, [key]);
    for (const withAnchor of [false, true]) {
      const verdict = await verdictOf({ lines, withAnchor });
      expect(verdict).toMatchObject({ entries: 40, last: 40, finding: undefined });
      expect(verdict.vouched).toEqual({
        sequence: 40,
        signedAt: heads.at(-1)?.signedAt,
        keyId: key.keyId,
        ...(withAnchor && { hash: undefined }),
      });
    }
  });

  it(`finds each of ${TAMPERINGS} tamperings at the right row, and says what \`purser audit verify\` says`, async () => {
    const wrong: (string | undefined)[] = [];
    for (const each of sample) {
      const { finding, vouched } = await verdictOf(each);
      const answer = { found: placeOf(finding), vouched: vouched?.sequence ?? 0 };
      wrong.push(mistake(each, answer));
      expect({ how: each.how, ...answer }).toEqual({ how: each.how, ...answerOf(each, { key, heads }) });
    }
    expect(wrong.filter((each) => each !== undefined)).toEqual([]);
  });
});
