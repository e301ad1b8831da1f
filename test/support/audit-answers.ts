import { createAnchorReader } from '../../src/domain/audit-anchor.ts';
import { headLine } from '../../src/domain/audit-export.ts';
import type { SignedAuditHead } from '../../src/domain/audit-head.ts';
import { createAuditVerifier } from '../../src/domain/audit-verification.ts';
import { type HeadKey, PROJECT } from './audit-exports.ts';
import type { TamperedExport } from './export-tamperings.ts';
import { pythonVerifier, verifyByPython } from './python-verifier.ts';

/** What a verifier says. */
export interface Answer {
  readonly found: { readonly line: number; readonly sequence: number } | null;
  readonly vouched: number;
}

export interface Signed {
  readonly key: HeadKey;
  readonly heads: readonly SignedAuditHead[];
}

const VERIFIER = { createAuditVerifier, createAnchorReader };

/** `broken`: parts of `purser audit verify` with faults in them. */
export function answerOf(
  { lines, withAnchor, anchor, limits }: TamperedExport,
  { key, heads }: Signed,
  broken: Partial<typeof VERIFIER> = {},
): Answer {
  const { createAuditVerifier, createAnchorReader } = { ...VERIFIER, ...broken };
  const publicKeys = new Map([[key.keyId, key.publicKey]]);
  const reader = createAnchorReader(PROJECT, publicKeys);
  for (const line of anchor ?? heads.map(headLine)) reader.take(line);
  const verifier = createAuditVerifier({ publicKeys, ...limits, ...(withAnchor && { anchor: reader.end() }) });
  for (const line of lines) verifier.take(line);
  const { finding, vouched } = verifier.end();
  const found = finding ? { line: finding.line, sequence: finding.sequence } : null;
  return { found, vouched: vouched?.sequence ?? 0 };
}

/** The same of the verifier in docs/audit-format.md, or of a broken one. */
export async function answersOfPython(
  exports: readonly TamperedExport[],
  { key, heads }: Signed,
  code?: string,
): Promise<Answer[]> {
  const runs = exports.map(({ lines, withAnchor, anchor = heads.map(headLine), limits }) => ({
    export: Buffer.from(`${lines.join('\n')}\n`),
    ...(withAnchor && { anchor: anchor.map((line) => `${line}\n`).join('') }),
    ...limits,
  }));
  const verdicts = await verifyByPython(code ?? (await pythonVerifier()), key.bytes, runs);
  return verdicts.map(([fault, vouched]) => ({ found: fault && { line: fault[0], sequence: fault[1] }, vouched }));
}

/** What the verifier said wrong, in words; undefined if it was right. */
export function mistake({ how, found, vouched }: TamperedExport, answer: Answer | undefined): string | undefined {
  if (answer === undefined) return `${how}: no answer`;
  const isFound = found === undefined ? answer.found === null : answer.found !== null;
  const isPlace =
    (found?.sequence ?? answer.found?.sequence) === answer.found?.sequence &&
    (found?.line ?? answer.found?.line) === answer.found?.line;
  if (isFound && isPlace && answer.vouched <= vouched) return undefined;
  return `${how}: expected ${JSON.stringify({ found, vouched })}, got ${JSON.stringify(answer)}`;
}
