/** The state of a long stream, kept so that it need not be folded from its first event on. */
export interface StoredSnapshot {
  readonly stream: string;
  /** Of the last event in it. */
  readonly revision: number;
  /** That event's id: a log that lost its end may have another event there. */
  readonly eventId: string;
  /** Of the code that folded it. */
  readonly foldVersion: string;
  /** The state as JSON. */
  readonly state: string;
  /** The message authentication code over all of it. */
  readonly code: string;
}

/**
 * Snapshots, beside the read models. All of them follow from the log, so any of them may be missing. Anybody who can write
 * to the database can put others there.
 */
export interface SnapshotStore {
  /** The last one of this version, of an event with at most this revision. */
  latest(stream: string, foldVersion: string, upTo: number): Promise<StoredSnapshot | undefined>;
  /** In place of one of the same event, of whatever version. */
  save(snapshot: StoredSnapshot): Promise<void>;
  remove(snapshot: Pick<StoredSnapshot, 'stream' | 'revision'>): Promise<void>;
}
