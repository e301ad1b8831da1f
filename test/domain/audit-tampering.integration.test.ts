import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type * as Reading from '../../src/domain/audit-anchor.ts';
import type * as Verification from '../../src/domain/audit-verification.ts';
import { type Answer, answerOf, answersOfPython, mistake } from '../support/audit-answers.ts';
import { auditEntry, chained, createHeadKey, exportLines } from '../support/audit-exports.ts';
import { tamperings } from '../support/export-tamperings.ts';
import { createMutant } from '../support/mutant.ts';
import { pythonVerifier } from '../support/python-verifier.ts';
import { skipReason } from '../support/required-tools.ts';

const TAMPERINGS = 1_000;
const VERIFICATION = 'audit-verification.ts';
const ANCHOR = 'audit-anchor.ts';
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
    const whole = { how: 'whole', lines: exportLines(entries, heads, {}, [key]), found: undefined, vouched: 40 };
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
    expect(kinds.size).toBeGreaterThanOrEqual(60);
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
    ['of the hash', VERIFICATION, 'hash === undefined || hash !== read.hash', 'hash === undefined'],
    ['of the order', VERIFICATION, 'sequence !== expected) {\n      return', 'sequence === -1) {\n      return'],
    ['of the signature', VERIFICATION, ' || !isAuthentic(signed, publicKeys)', ''],
    ['of what was signed', VERIFICATION, 'signed.hash !== previousHash', 'signed.hash === undefined'],
    ['of the anchor', VERIFICATION, 'anchored.hash !== hash', 'anchored.hash === undefined'],
    ['of the tail', VERIFICATION, 'isCutByAnchor() ?', 'isCutByAnchor() && false ?'],
    ['of what is not hashed', VERIFICATION, 'entryLine(read) === text ?', 'entryLine(read) !== undefined ?'],
    ['of the limit from', VERIFICATION, 'read.from !== from || ', ''],
    ['of the limit to', VERIFICATION, ' || read.to !== to', ''],
    ['of the front', VERIFICATION, '!startsRight || ', ''],
    ['of the entry before a part', VERIFICATION, ' && !isBeforePart(read)', ' && false'],
    ['of a part without entries', VERIFICATION, 'isEnd && entries === 0', 'false && entries === 0'],
    ['of the hash before a part', VERIFICATION, 'before === previousHash ?', 'true ?'],
    ['of what is wrong with the anchor', VERIFICATION, 'anchor.problem !== undefined', 'false'],
    ["of the anchor's signatures", ANCHOR, '!isAuthentic(head, publicKeys)', 'false'],
    ['of contradictions in the anchor', ANCHOR, 'known.hash !== hash', 'false'],
    ["of the anchor's lines", ANCHOR, 'if (isDamaged) problem', 'if (false) problem'],
    [
      'of which line is the last',
      ANCHOR,
      '      isDamaged = head === undefined;',
      "      if (!head) problem ??= { line, sequence: 0, fault: 'ANCHOR_DAMAGED' };",
    ],
    ["of the anchor's projects", ANCHOR, ' && head.projectId === projectId', ''],
  ])('%s is found out', async (_which, file, find, replace) => {
    const mutant = await createMutant('domain', [{ file, find, replace }]);
    const { createAuditVerifier } = await mutant.load<typeof Verification>(VERIFICATION);
    const { createAnchorReader } = await mutant.load<typeof Reading>(ANCHOR);
    const broken = { createAuditVerifier, createAnchorReader };
    expect(sample.some((each) => mistake(each, answerOf(each, signed, broken)) !== undefined)).toBe(true);
  });

  it.skipIf(python !== undefined).each([
    ['of entries', ' or not is_entry(row, line, previous)', ''],
    ['of the order', 'row["sequence"] != last + 1 or', 'False or'],
    ['of the signature', 'keys[head["keyId"]].verify', '(lambda *_: None)'],
    ['of what was signed', '(row["sequence"], row["hash"]) != (last, previous)', 'False'],
    ['of the anchor', 'anchored.get(last + 1, row)["hash"] != row["hash"]', 'False'],
    ['of the limits', '(row["from"], row["to"]) != (since, until)', 'False'],
    ['of the front', 'last > 0 and not since', 'False'],
    ['of the entry before a part', ' or last > 0 == count and since and row["occurredAt"] >= since', ''],
    ['of a part without entries', '(count or last == 0 or not since) and ', ''],
    ['of the hash before a part', 'anchored.get(last, {"hash": previous})["hash"] != previous', 'False'],
    ["of the anchor's signatures", 'not is_signed(head, line, project, keys)', 'False'],
    ['of contradictions in the anchor', 'heads.setdefault(head["sequence"], head)["hash"] != head["hash"]', 'False'],
    ["of the anchor's lines", 'number < len(lines)', 'False'],
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
