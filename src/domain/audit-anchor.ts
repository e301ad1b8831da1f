import type { KeyObject } from 'node:crypto';
import { parseHeadLine } from './audit-export.ts';
import type { SignedAuditHead } from './audit-head.ts';
import { type Anchor, type AnchoredHead, type AnchorProblem, isAuthentic } from './audit-verification.ts';

export interface AnchorReader {
  /** Lines in their order, without line breaks. */
  take(text: string): void;
  /** `torn`: the last line is not whole, as a crash leaves it, and was left out. */
  end(): Anchor & { readonly torn: boolean };
}

/**
 * Reads the heads of one log from the lines of an anchor. A head that does not fit is a problem, and is not left out:
 * otherwise nobody would notice that the anchor vouches for less than it seems to.
 */
export function createAnchorReader(
  projectId: string | undefined,
  publicKeys: ReadonlyMap<string, KeyObject>,
): AnchorReader {
  const heads = new Map<number, AnchoredHead>();
  let line = 0;
  let problem: AnchorProblem | undefined;
  let isDamaged = false;

  function problemOf(head: SignedAuditHead): AnchorProblem | undefined {
    const { sequence, hash, signedAt } = head;
    if (!isAuthentic(head, publicKeys)) return { line, sequence, fault: 'ANCHOR_WRONG_KEY' };
    const known = heads.get(sequence);
    if (known !== undefined && known.hash !== hash) return { line, sequence, fault: 'ANCHOR_CONTRADICTION' };
    if (known === undefined) heads.set(sequence, { sequence, hash, signedAt });
    return undefined;
  }

  return {
    take(text) {
      // Only the last line may be torn.
      if (isDamaged) problem ??= { line, sequence: 0, fault: 'ANCHOR_DAMAGED' };
      line += 1;
      const head = parseHeadLine(text);
      isDamaged = head === undefined;
      if (head !== undefined && head.projectId === projectId) problem ??= problemOf(head);
    },
    end: () => ({ heads, problem, torn: isDamaged }),
  };
}
