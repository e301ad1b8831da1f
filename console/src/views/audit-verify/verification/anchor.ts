import type { AuditFault, Vouched } from './findings.ts';
import { isSigned, parseHead, type SignedHead, type TrustedKeys } from './heads.ts';

export interface AnchoredHead extends Vouched {
  readonly hash: string;
}

export interface AnchorProblem {
  readonly fault: AuditFault;
  /** Of the anchor. */
  readonly anchorLine: number;
  /** Its name, if it is a file. */
  readonly anchorFile?: string;
  readonly sequence: number;
}

/** Signed heads from elsewhere than the export. */
export interface Anchor {
  /** Those of this project whose signature fits, by entry. */
  readonly heads: ReadonlyMap<number, AnchoredHead>;
  /** The first one. */
  readonly problem: AnchorProblem | undefined;
  /** The last line is not whole, as a crash leaves it: it was left out. */
  readonly torn: boolean;
}

export interface AnchorReader {
  take(line: string): Promise<void>;
  end(): Anchor;
}

/**
 * Reads the heads of one project from the lines of an anchor. A head that does not fit is a problem, not left out. `heads`: those
 * of the anchors that were read before, which must not contradict it; its own are added.
 */
export function createAnchorReader(
  project: string,
  keys: TrustedKeys,
  heads = new Map<number, AnchoredHead>(),
): AnchorReader {
  let lines = 0;
  let isTorn = false;
  let problem: AnchorProblem | undefined;

  async function faultOf(head: SignedHead): Promise<AuditFault | undefined> {
    if (!(await isSigned(head, keys))) return 'ANCHOR_WRONG_KEY';
    const { sequence, hash, signedAt, keyId } = head;
    const known = heads.get(sequence);
    if (known !== undefined) return known.hash === hash ? undefined : 'ANCHOR_CONTRADICTION';
    heads.set(sequence, { sequence, hash, signedAt, keyId });
    return undefined;
  }

  return {
    async take(line) {
      // Only the last line may be torn.
      if (isTorn) problem ??= { fault: 'ANCHOR_DAMAGED', anchorLine: lines, sequence: 0 };
      lines += 1;
      const anchorLine = lines;
      const head = parseHead(line);
      isTorn = head === undefined;
      if (head?.project !== project || problem !== undefined) return;
      const fault = await faultOf(head);
      if (fault !== undefined) problem = { fault, anchorLine, sequence: head.sequence };
    },
    end: () => ({ heads, problem, torn: isTorn }),
  };
}
