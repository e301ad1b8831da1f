import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type * as Verification from '../../src/domain/audit-verification.ts';
import { type Answer, answerOf, answersOfPython, mistake } from '../support/audit-answers.ts';
import { auditEntry, chained, createHeadKey, exportLines } from '../support/audit-exports.ts';
import { tamperings } from '../support/export-tamperings.ts';
import { createMutant } from '../support/mutant.ts';
import { pythonVerifier } from '../support/python-verifier.ts';
import { skipReason } from '../support/required-tools.ts';

const TAMPERINGS = 1_000;
const key = createHeadKey();
const entries = chained(Array.from({ length: 40 }, (_, index) => auditEntry(index + 1)));
const heads = [4, 5, 11, 19, 20, 31, 40].map((sequence) =>
  key.sign({ sequence, hash: entries[sequence - 1]?.hash ?? '' }),
);
const signed = { key, heads };
const sample = fc.sample(tamperings({ entries, heads, key, otherKey: createHeadKey() }), {
  numRuns: TAMPERINGS,
  seed: 20_260_301,
});

const python = skipReason('python3');

describe('an exported audit log', () => {
  it('is whole as it was exported, with an anchor and without', async () => {
    const whole = { how: 'whole', lines: exportLines(entries, heads), found: undefined, vouched: 40 };
    const both = [whole, { ...whole, withAnchor: true }].map((each) => ({ withAnchor: false, ...each }));
    const answer: Answer = { found: null, vouched: 40 };
    expect(both.map((each) => answerOf(each, signed))).toEqual([answer, answer]);
    if (python === undefined) expect(await answersOfPython(both, signed)).toEqual([answer, answer]);
  });

  it(`shows at the right row each of ${TAMPERINGS} tamperings`, () => {
    expect(sample.map((each) => mistake(each, answerOf(each, signed))).filter((each) => each !== undefined)).toEqual(
      [],
    );
    const kinds = new Set(sample.map(({ how }) => how.replace(/\d+/g, 'n')));
    expect(kinds.size).toBeGreaterThanOrEqual(40);
  });

  it.skipIf(python !== undefined)(
    `shows them to the verifier in Python as well${python ? ` (${python})` : ''}`,
    async () => {
      const answers = await answersOfPython(sample, signed);
      expect(sample.map((each, index) => mistake(each, answers[index])).filter((each) => each !== undefined)).toEqual(
        [],
      );
      // They agree on all that is not random text.
      const structured = sample.filter(({ how }) => !how.startsWith('flipped'));
      const both = structured.map((each) => [answerOf(each, signed), answers[sample.indexOf(each)]]);
      for (const [ours, theirs] of both) expect(theirs).toEqual(ours);
    },
  );
});

describe('a verifier that lacks one check', () => {
  it.each([
    ['of the hash', 'hash === undefined || hash !== read.hash', 'hash === undefined'],
    ['of the order', 'sequence !== expected) {\n      return', 'sequence === -1) {\n      return'],
    ['of the signature', ' || !isAuthentic(signed, publicKeys)', ''],
    ['of what was signed', 'signed.hash !== previousHash', 'signed.hash === undefined'],
    ['of the anchor', 'anchored.hash !== hash', 'anchored.hash === undefined'],
    ['of the tail', 'isCutByAnchor() ?', 'isCutByAnchor() && false ?'],
    ['of what is not hashed', 'entryLine(read) === text ?', 'entryLine(read) !== undefined ?'],
  ])('%s is found out', async (_which, find, replace) => {
    const mutant = await createMutant('domain', [{ file: 'audit-verification.ts', find, replace }]);
    const { createAuditVerifier: broken } = await mutant.load<typeof Verification>('audit-verification.ts');
    expect(sample.some((each) => mistake(each, answerOf(each, signed, broken)) !== undefined)).toBe(true);
  });

  it.skipIf(python !== undefined).each([
    ['of entries', 'if not is_entry(row, line, previous)', 'if False'],
    ['of the order', 'if row["sequence"] != last + 1', 'if False'],
    ['of the signature', 'keys[head["keyId"]].verify', '(lambda *_: None)'],
    ['of what was signed', '(row["sequence"], row["hash"]) != (last, previous)', 'False'],
    ['of the anchor', 'anchored.get(last, row)["hash"] != previous', 'False'],
  ])('%s is found out in Python as well', async (_which, find, replace) => {
    const code = await pythonVerifier();
    expect(code).toContain(find);
    const answers = await answersOfPython(sample, signed, code.replace(find, replace));
    expect(sample.some((each, index) => mistake(each, answers[index]) !== undefined)).toBe(true);
  });
});

it.skipIf(python !== undefined)('the verifier in Python has at most 60 lines', async () => {
  expect((await pythonVerifier()).trimEnd().split('\n').length).toBeLessThanOrEqual(60);
});
