import type { ChainedEntry } from '../../domain/audit-export.ts';
import type { AuditKey, SignedAuditHead } from '../../domain/audit-head.ts';
import type { Instant } from '../../domain/instant.ts';

export interface AuditRange {
  /** Of the first and the last entry; `last` is lower where there are none. */
  readonly first: number;
  readonly last: number;
  /** The hash before the first entry. */
  readonly previousHash: string;
}

export interface TimeLimits {
  readonly from: Instant | null;
  /** Exclusive. */
  readonly to: Instant | null;
}

interface Page {
  /** Sequences: from the one after `after` up to and including `upTo`. */
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
}

/** One audit log, to be read from its beginning on. All methods throw PurserError UNAVAILABLE. */
export interface AuditRows {
  /**
   * From the first entry of that time to the last one, with all between them. `beginsBefore`: from the
   * entry before that, if there is one. `after`: from the one after this entry. Default: after those that were removed.
   */
  range(
    projectId: string,
    limits: TimeLimits & { readonly beginsBefore: boolean; readonly after: number | undefined },
  ): Promise<AuditRange>;
  /** In the order of their sequences. */
  entries(projectId: string, page: Page): Promise<ChainedEntry[]>;
  heads(projectId: string, page: Page): Promise<SignedAuditHead[]>;
  /** The sequence of the newest signed head; 0 if there is none. */
  newestHead(projectId: string): Promise<number>;
  keys(): Promise<AuditKey[]>;
}
