import type { ChainPlace } from '../../domain/audit-verification.ts';
import type { Instant } from '../../domain/instant.ts';

/** Which entries of audit logs are in archives, and which of these have left the table. All methods throw PurserError UNAVAILABLE. */
export interface AuditArchive {
  /** The entry that the table begins with, if those before it were removed: the last one of an archive. */
  removedUpTo(projectId: string): Promise<ChainPlace | undefined>;
  /**
   * What can be archived: all after the archives, up to the newest entry that is signed, has nothing at or after the time
   * before it. Undefined if that is nothing. `upTo`: up to no later entry than this one.
   */
  archivable(projectId: string, before: Instant, upTo?: number): Promise<Archivable | undefined>;
  /** That a file has the entries up to `last`, and was verified. */
  remember(projectId: string, archive: KnownArchive): Promise<void>;
  /** Removes the entries that are in archives. The last one stays. */
  removeArchived(projectId: string): Promise<void>;
  /** When the first entry that is in no archive happened; undefined if there is none. */
  oldestUnarchived(projectId: string): Promise<Instant | undefined>;
}

export interface Archivable {
  readonly after: ChainPlace;
  /** The last entry, as it was signed. */
  readonly head: ChainPlace;
}

export interface KnownArchive {
  /** The last entry. */
  readonly last: number;
  /** All entries are from before this time. */
  readonly before: Instant;
}
