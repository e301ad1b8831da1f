import type { ChainPlace } from '../../domain/audit-verification.ts';
import type { Instant } from '../../domain/instant.ts';

/** Which entries of audit logs are in archives. All methods throw PurserError UNAVAILABLE. */
export interface AuditArchive {
  /** The last archived entry; undefined if none is. */
  archivedUpTo(projectId: string): Promise<ChainPlace | undefined>;
  /**
   * What can be archived: all after `after`, up to the newest entry that is signed, has nothing at or after the time before it.
   * Undefined if that is nothing. `upTo`: up to no later entry than this one.
   */
  archivable(projectId: string, before: Instant, upTo?: number): Promise<Archivable | undefined>;
  /** Removes the entries before the last archived one. Null: those that an ended run left. */
  remove(projectId: string, last: number | null): Promise<void>;
}

export interface Archivable {
  readonly after: ChainPlace;
  /** The last entry, as it was signed. */
  readonly head: ChainPlace;
}
