import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headLine } from '../../src/domain/audit-export.ts';
import type * as Verification from '../../src/domain/audit-verification.ts';
import { createAuditVerifier } from '../../src/domain/audit-verification.ts';
import { auditEntry, chained, createHeadKey, exportLines } from '../support/audit-exports.ts';
import { type TamperedExport, tamperings } from '../support/export-tamperings.ts';
import { createMutant } from '../support/mutant.ts';
import { pythonVerifier, verifyByPython } from '../support/python-verifier.ts';
import { skipReason } from '../support/required-tools.ts';

const TAMPERINGS = 1_000;
const key = createHeadKey();
const entries = chained(Array.from({ length: 40 }, (_, index) => auditEntry(index + 1)));
const heads = [4, 5, 11, 19, 20, 31, 40].map((sequence) =>
  key.sign({ sequence, hash: entries[sequence - 1]?.hash ?? '' }),
);
const ANCHOR = new Map(heads.map((head) => [head.sequence, head]));
const ANCHOR_FILE = heads.map((head) => `${headLine(head)}\n`).join('');
const sample = fc.sample(tamperings({ entries, heads, key, otherKey: createHeadKey() }), {
  numRuns: TAMPERINGS,
  seed: 20_260_301,
});

function verify(lines: readonly string[], withAnchor: boolean, create = createAuditVerifier) {
  const publicKeys = new Map([[key.keyId, key.publicKey]]);
  const verifier = create({ publicKeys, ...(withAnchor && { anchor: ANCHOR }) });
  for (const line of lines) verifier.take(line);
  return verifier.end();
}

interface Answer {
  readonly found: { readonly line: number; readonly sequence: number } | null;
  readonly vouched: number;
}

const byUs = ({ lines, withAnchor }: TamperedExport, create = createAuditVerifier): Answer => {
  const { finding, vouched } = verify(lines, withAnchor, create);
  const found = finding ? { line: finding.line, sequence: finding.sequence } : null;
  return { found, vouched: vouched?.sequence ?? 0 };
};

async function byPython(all: readonly TamperedExport[], code?: string): Promise<Answer[]> {
  const runs = all.map(({ lines, withAnchor }) => ({
    export: Buffer.from(`${lines.join('\n')}\n`),
    ...(withAnchor && { anchor: ANCHOR_FILE }),
  }));
  const verdicts = await verifyByPython(code ?? (await pythonVerifier()), key.bytes, runs);
  return verdicts.map(([fault, vouched]) => ({ found: fault && { line: fault[0], sequence: fault[1] }, vouched }));
}

/** What the verifier said wrong, in words; undefined if it was right. */
function mistake({ how, found, vouched }: TamperedExport, answer: Answer | undefined): string | undefined {
  if (answer === undefined) return `${how}: no answer`;
  const isFound = found === undefined ? answer.found === null : answer.found !== null;
  const isPlace =
    (found?.sequence ?? answer.found?.sequence) === answer.found?.sequence &&
    (found?.line ?? answer.found?.line) === answer.found?.line;
  if (isFound && isPlace && answer.vouched <= vouched) return undefined;
  return `${how}: expected ${JSON.stringify({ found, vouched })}, got ${JSON.stringify(answer)}`;
}

const python = skipReason('python3');

describe('an exported audit log', () => {
  it('is whole as it was exported, with an anchor and without', async () => {
    const whole = { how: 'whole', lines: exportLines(entries, heads), found: undefined, vouched: 40 };
    const both = [whole, { ...whole, withAnchor: true }].map((each) => ({ withAnchor: false, ...each }));
    const answer: Answer = { found: null, vouched: 40 };
    expect(both.map((each) => byUs(each))).toEqual([answer, answer]);
    if (python === undefined) expect(await byPython(both)).toEqual([answer, answer]);
  });

  it(`shows at the right row each of ${TAMPERINGS} tamperings`, () => {
    expect(sample.map((each) => mistake(each, byUs(each))).filter((each) => each !== undefined)).toEqual([]);
    const kinds = new Set(sample.map(({ how }) => how.replace(/\d+/g, 'n')));
    expect(kinds.size).toBeGreaterThanOrEqual(40);
  });

  it.skipIf(python !== undefined)(
    `shows them to the verifier in Python as well${python ? ` (${python})` : ''}`,
    async () => {
      const answers = await byPython(sample);
      expect(sample.map((each, index) => mistake(each, answers[index])).filter((each) => each !== undefined)).toEqual(
        [],
      );
      // They agree on all that is not random text.
      const structured = sample.filter(({ how }) => !how.startsWith('flipped'));
      const both = structured.map((each) => [byUs(each), answers[sample.indexOf(each)]]);
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
    expect(sample.some((each) => mistake(each, byUs(each, broken)) !== undefined)).toBe(true);
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
    const answers = await byPython(sample, code.replace(find, replace));
    expect(sample.some((each, index) => mistake(each, answers[index]) !== undefined)).toBe(true);
  });
});

it.skipIf(python !== undefined)('the verifier in Python has at most 60 lines', async () => {
  expect((await pythonVerifier()).trimEnd().split('\n').length).toBeLessThanOrEqual(60);
});
