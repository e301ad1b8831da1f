import type { SignedAuditHead } from '../../domain/audit-head.ts';
import type { Instant } from '../../domain/instant.ts';

/** What `purser doctor` asks the database, besides what the service asks as well. */
export interface DoctorQueries {
  parked(): Promise<ParkedStreams>;
  deadLetters(): Promise<DeadLetters>;
  /** Whose audit logs there are, by their entries or by their signed heads. Empty: the service's own log. */
  auditedProjects(): AsyncIterable<string>;
  /** The hash of each log's entry at the sequence of the head; null if there is none. */
  hashesAt(heads: readonly SignedAuditHead[]): Promise<readonly (string | null)[]>;
  /** In how many audit logs there are entries after this time and older than a quarter of an hour. */
  logsMovedSince(at: Instant): Promise<number>;
  /** Notes whether these secrets open. One that does not counts as missing. @returns for how many that is news */
  noteReadable(secretIds: readonly string[], opens: boolean): Promise<number>;
}

export interface ParkedStreams {
  readonly streams: number;
  /** Null if nothing is parked. */
  readonly first: { readonly stream: string; readonly reason: string } | null;
}

export interface DeadLetters {
  readonly count: number;
  /** Null if there are none. */
  readonly oldest: Instant | null;
  readonly webhooks: readonly string[];
}

/** Migrations by their names. */
export interface SchemaState {
  /** Of this version, and not applied. */
  readonly missing: readonly string[];
  /** Applied, and now with another text. */
  readonly changed: readonly string[];
  /** Applied by a newer version. */
  readonly newer: readonly string[];
  readonly applied: number;
}

export interface DataFolderFacts {
  readonly freeBytes: number;
  /** Files that other users can reach, with their modes in octal. */
  readonly open: readonly string[];
}

/** A table of the read models beside the same table made anew from the events. */
export interface ComparedTable {
  readonly table: string;
  /** Rows that are in use. */
  readonly rows: number;
  /** SHA-256 over the rows in the order of their keys, in hexadecimal: of those in use, and of those made anew. */
  readonly inUse: string;
  readonly anew: string;
  /** Null if the digests are equal. */
  readonly difference: RowDifference | null;
}

export interface RowDifference {
  /** Of the first row that differs: a JSON array of the primary key's columns. */
  readonly key: string;
  /** The row in use is another one, is missing, or should not be there. */
  readonly kind: 'CHANGED' | 'MISSING' | 'SURPLUS';
}

/** A sealed secret, with what it was sealed for. */
export interface PlacedSecret {
  readonly secretId: string;
  readonly projectId: string;
  readonly registryId: string;
  readonly credentialVersion: number;
}

/** Where the vault and the log disagree. Each list is read in pages. */
export interface VaultInventory {
  /** Secrets that are not destroyed, of versions that events have ended. */
  ended(): AsyncIterable<PlacedSecret>;
  /** Secrets in use of versions that the log does not know. */
  ahead(): AsyncIterable<PlacedSecret>;
  /** Current secrets of live registries of which the vault has no row. */
  unknown(): AsyncIterable<PlacedSecret>;
}
