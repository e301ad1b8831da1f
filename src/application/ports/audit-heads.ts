import type { AuditHead, AuditKey, SignedAuditHead } from '../../domain/audit-head.ts';

/** A chain whose newest entry differs from its last signed head. */
export interface MovedChain {
  readonly head: AuditHead;
  /** Null if no head of this chain was ever signed. */
  readonly signed: Pick<AuditHead, 'sequence' | 'hash'> | null;
  /** The hash that the chain has now at the sequence of the signed head; null if there is no such entry. */
  readonly hashAtSigned: string | null;
}

export interface NumberedHead {
  readonly number: number;
  readonly head: SignedAuditHead;
}

/** Signed heads, as they are kept. Methods throw PurserError UNAVAILABLE while the database cannot be reached. */
export interface AuditHeads {
  moved(): Promise<MovedChain[]>;
  /** Leaves out those whose sequence is signed already. */
  add(heads: readonly SignedAuditHead[]): Promise<void>;
  /** Newest first. `before`: the sequence of the last head of the page before. */
  list(
    projectId: string,
    page: { readonly first: number; readonly before: number | undefined },
  ): Promise<{ readonly heads: SignedAuditHead[]; readonly hasNextPage: boolean }>;
  /** Every key that ever signed, oldest first. */
  keys(): Promise<AuditKey[]>;
  /** Up to which number the anchor has them, with the code of that number; 0 if it has none. */
  reached(anchor: string): Promise<{ readonly number: number; readonly code: string }>;
  /** The heads with higher numbers, in their order. */
  unanchored(after: number, limit: number): Promise<NumberedHead[]>;
  /** When the first of them was signed; null if there is none. */
  waitingSince(after: number): Promise<string | null>;
  /** The anchor has the heads up to this number. */
  anchored(anchor: string, number: number, code: string): Promise<void>;
}

export interface AuditSigner {
  /** Takes over a newer key, if there is one. */
  refresh(): Promise<void>;
  sign(head: AuditHead & Pick<SignedAuditHead, 'signedAt' | 'instance'>): SignedAuditHead;
}
