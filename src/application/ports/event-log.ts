import type { WorkloadIdentity } from '../../domain/audit-entry.ts';
import type { DomainEvent } from '../../domain/events.ts';

declare const position: unique symbol;
/**
 * The place of an event in the one order of all streams. Strictly increasing, with gaps of any size. Only compare it, and
 * store it in full: it has up to 39 digits.
 */
export type Position = bigint & { readonly [position]: never };
/** The position before the first event. */
export const BEGINNING = 0n as Position;

/**
 * The condition for an append: the stream must not exist, or its last event must have exactly this revision (the first
 * event's revision is 0). `any` is for streams that no decision reads.
 */
export type ExpectedRevision = number | 'no-stream' | 'any';

/** Who did it, and from where. Every event has it. */
export interface EventMetadata {
  /** Null only for events that belong to no project. */
  readonly projectId: string | null;
  readonly actor: string;
  readonly issuer: string | null;
  /** The `jti` of the caller's token. */
  readonly tokenId: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  /** How long the request had run when the event was decided. */
  readonly durationMs: number | null;
  /** The id of the command's idempotency key. All events of a command have the same. */
  readonly idempotencyId: string | null;
  /** What the caller's token said, if a trust rule let the caller in. */
  readonly identity?: WorkloadIdentity;
}

/** As it is stored. */
export interface StoredMetadata extends EventMetadata {
  /** The message authentication code. Null in streams that no decision reads. */
  readonly mac: string | null;
}

/** In place of metadata that cannot be read or believed. */
export const UNKNOWN_METADATA: StoredMetadata = {
  projectId: null,
  actor: 'unknown',
  issuer: null,
  tokenId: null,
  ipAddress: null,
  userAgent: null,
  requestId: null,
  durationMs: null,
  idempotencyId: null,
  mac: null,
};

export interface EventToAppend {
  /** UUID, new for each append unless that repeats another one. Unique in its stream. */
  readonly id: string;
  /** Written with the schema version that is current for its type. */
  readonly event: DomainEvent;
  /** ISO 8601, UTC, milliseconds. */
  readonly occurredAt: string;
  readonly metadata: StoredMetadata;
}

/** A stored event. The application decodes it, so that one damaged event never stops a reader. */
export interface StreamEvent {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  /** The text of `data` as it was written. */
  readonly json: string;
  readonly occurredAt: string;
  readonly metadata: StoredMetadata;
  readonly stream: string;
  readonly revision: number;
}

/** A stored event with its place in the order of all streams, which not every store tells for the events of one stream. */
export interface RecordedEvent extends StreamEvent {
  readonly position: Position;
}

/** What a reader of all streams finds. */
export interface LogPage {
  /** In order of position. */
  readonly events: readonly RecordedEvent[];
  /** Up to here nothing is left to read: go on after it. A store may also hold what is not of this log. */
  readonly position: Position;
  /** Whether this was all that was in the log when it was read. A page can be empty before the end. */
  readonly atEnd: boolean;
}

export interface AppendOptions {
  /** When nobody waits for it any more, by `performance.now()`. An append is not sent after that. */
  readonly until?: number | undefined;
}

export interface AppendResult {
  /** The position of the last event appended. If the append is repeated, perhaps a later one, up to the log's head. */
  readonly position: Position;
  /** The revision of the last event appended. */
  readonly revision: number;
}

/** The stream is not what the caller expected. Nothing was appended. */
export class WrongExpectedRevision extends Error {
  override readonly name = 'WrongExpectedRevision';

  constructor(
    readonly stream: string,
    readonly expected: ExpectedRevision,
    readonly actual: number | 'no-stream',
  ) {
    super(`stream ${stream} is at ${actual}, expected ${expected}`);
  }
}

/** The source of truth: streams of events with revisions, in one order over all streams. Its events never change. */
export interface EventLog {
  /**
   * Appends all events or none, durably, before it resolves. An append that had no answer may be repeated unchanged: if
   * its events are in the stream already, it gives the first result. Only ids are compared: equal ids promise equal
   * events. With `any`, they are compared with those of the stream's last 100 events, in some stores with more: an append
   * that may be repeated after longer needs a stream to itself. A mix of new ids and ids of the stream is refused as
   * `WrongExpectedRevision` with `any`; with an exact revision not every store notices it.
   * @throws WrongExpectedRevision, EventLogUnavailable
   */
  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly [EventToAppend, ...EventToAppend[]],
    options?: AppendOptions,
  ): Promise<AppendResult>;
  /** In order of revision; empty if the stream does not exist. At most `maxCount` events. */
  readStream(stream: string, options: { fromRevision: number; maxCount: number }): Promise<StreamEvent[]>;
  /** At most `maxCount` events. Never skips an event that commits later with a smaller position. */
  readAll(options: { after: Position; maxCount: number }): Promise<LogPage>;
  /** The position of the last event; `BEGINNING` if there is none. Cheap, also in a store that holds more than this log. */
  head(): Promise<Position>;
  /**
   * Whether the event is still there whose position `head` gave: a log can be restored to an earlier state. So whoever
   * removes events leaves the last one.
   */
  holds(head: Position): Promise<boolean>;
  /** Calls the listener when there may be new events. A hint only: it may come late, twice or never. */
  onAppended(listener: () => void): () => void;
  /** Waits for running appends, then refuses further ones. Safe to call twice. */
  close(): Promise<void>;
}

/** A log that can take the events of another one. */
export interface EventCopies {
  /**
   * Appends events as they stand in another log, in their order over all streams, durably: with their ids, revisions, text
   * and metadata. It may end in between, after any of them. If it is repeated unchanged, none is there twice.
   * @throws WrongExpectedRevision if a stream is not as it was in the other log, EventLogUnavailable
   */
  appendCopies(events: readonly RecordedEvent[]): Promise<void>;
}
