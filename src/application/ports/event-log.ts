import type { DomainEvent } from '../../domain/events.ts';

declare const position: unique symbol;
/** Where an event stands in the one order of all streams. Strictly increasing; only ever compared. */
export type Position = bigint & { readonly [position]: never };
/** Before the first event. */
export const BEGINNING = 0n as Position;

/**
 * What the stream must look like for an append to be accepted: it must not exist, or its last event must have
 * exactly this revision (the first event's revision is 0). `any` is for streams that no decision reads.
 */
export type ExpectedRevision = number | 'no-stream' | 'any';

/** Who did it, from where. Stands with every event. */
export interface EventMetadata {
  /** Null only for events that belong to no project. */
  readonly projectId: string | null;
  readonly actor: string;
  readonly issuer: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  /** How long the request had taken when the event was decided. */
  readonly durationMs: number | null;
  /** Of the idempotency key that the client sent with the command. All events of a command have the same. */
  readonly idempotencyId: string | null;
}

export interface EventToAppend {
  /** UUID, made anew for each append. Unique in its stream. */
  readonly id: string;
  /** Written with the schema version that is current for its type. */
  readonly event: DomainEvent;
  /** ISO 8601, UTC, milliseconds. */
  readonly occurredAt: string;
  readonly metadata: EventMetadata;
}

/** As it was stored. The application's codec makes a domain event of it, so that one damaged event never stops a reader. */
export interface RecordedEvent {
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
  readonly occurredAt: string;
  readonly metadata: EventMetadata;
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
}

export interface AppendResult {
  /** The position and the revision of the last event appended. */
  readonly position: Position;
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

/** The source of truth: streams of events with revisions, and one order over all of them. Nothing in it ever changes. */
export interface EventLog {
  /**
   * Appends all events or none, durably, before it resolves. An append that had no answer may be repeated as it was: where
   * its events stand in the stream already, it gives the first result. Only the ids are compared: equal ids promise equal
   * events. An id of the stream among others that are new is refused as `WrongExpectedRevision`.
   * @throws WrongExpectedRevision, EventLogUnavailable
   */
  append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly [EventToAppend, ...EventToAppend[]],
  ): Promise<AppendResult>;
  /** In order of revision; empty where the stream does not exist. At most `maxCount` events. */
  readStream(stream: string, options: { fromRevision: number; maxCount: number }): Promise<RecordedEvent[]>;
  /** In order of position, never skipping one that commits later with a smaller position. */
  readAll(options: { after: Position; maxCount: number }): Promise<RecordedEvent[]>;
  /** The position of the last event; `BEGINNING` where there is none. */
  head(): Promise<Position>;
  /** Calls the listener when there may be new events. A hint only: it may come late, twice or never. */
  onAppended(listener: () => void): () => void;
  /** Waits for appends under way, then refuses further ones. Safe to call twice. */
  close(): Promise<void>;
}
