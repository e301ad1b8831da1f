import { randomUUID } from 'node:crypto';
import { EventLogUnavailable, unavailable } from '../../domain/errors.ts';
import { type DomainEvent, schemaVersionOf } from '../../domain/events.ts';
import { isAuthenticatedStream, isDecisionStream } from '../../domain/identity.ts';
import type { EventContext } from '../../domain/registry.ts';
import type { EventAuthenticator } from '../ports/event-authenticator.ts';
import type { EventLog, EventToAppend, ExpectedRevision, Position } from '../ports/event-log.ts';
import type { TimedMetadata } from '../request-context.ts';
import type { Caller, ReadYourWrites } from './read-your-writes.ts';

export interface EventWriterDeps {
  readonly log: EventLog;
  readonly authenticator: Pick<EventAuthenticator, 'sign'>;
  readonly readYourWrites: Pick<ReadYourWrites, 'wrote'>;
  readonly now: () => number;
}

export interface Write {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** At least one. */
  readonly events: readonly DomainEvent[];
  readonly metadata: TimedMetadata;
  /** When the events were decided, in milliseconds since 1970. Default: now. */
  readonly at?: number;
  /** The events' ids, if the write may be repeated after an unknown outcome: the log takes it once. Default: new ones. */
  readonly ids?: readonly string[];
}

/** The events' context, for folding them, and the place of the last event. */
export interface Written extends EventContext {
  readonly revision: number;
  readonly position: Position;
}

/** The only way to write events to the log. */
export interface EventWriter {
  /**
   * Appends the events. They are durable when it resolves. The read models follow: the caller's next query waits for them.
   * @throws WrongExpectedRevision if nothing was appended, PurserError UNAVAILABLE if the outcome is unknown
   */
  write(write: Write): Promise<Written>;
  /** Like `write`, for events that no caller reads back: no query waits for them in particular. */
  append(write: Write): Promise<Written>;
  /** For a repeated command: the caller's next query waits for what the first one wrote. */
  recall(caller: Caller): Promise<void>;
}

export function createEventWriter({ log, authenticator, readYourWrites, now }: EventWriterDeps): EventWriter {
  async function append({ stream, expected, events, metadata: timed, at = now(), ids }: Write): Promise<Written> {
    const { time, ...metadata } = timed;
    time?.requireLeft();
    const occurredAt = new Date(at).toISOString();
    if (isDecisionStream(stream) !== (expected !== 'any')) {
      throw new Error(`decisions read ${stream}: it needs an exact revision, and no other stream has one`);
    }
    const [first, ...others] = events.map((event, place): EventToAppend => {
      const id = ids?.[place] ?? randomUUID();
      const mac = isAuthenticatedStream(stream)
        ? codeOf({ id, stream, event, occurredAt, metadata }, expected, place)
        : null;
      return { id, event, occurredAt, metadata: { ...metadata, mac } };
    });
    if (first === undefined) throw new Error('an append needs at least one event');
    try {
      const until = time && performance.now() + time.leftMs;
      const { position, revision } = await log.append(stream, expected, [first, ...others], { until });
      const { actor, identity } = metadata;
      return { position, revision, at: occurredAt, actor, ...(identity && { identity }) };
    } catch (error) {
      // The log's own message says to repeat with the same idempotency key. This command has none.
      if (!(error instanceof EventLogUnavailable) || metadata.idempotencyId !== null) throw error;
      throw unavailable(`${error.reason} Try again.`, error);
    }
  }

  /** An exact append tells the revisions that its events will have. */
  function codeOf(
    { event, ...rest }: Omit<EventToAppend, 'metadata'> & Pick<Write, 'stream' | 'metadata'>,
    expected: ExpectedRevision,
    place: number,
  ): string {
    const revision = expected === 'any' ? null : (expected === 'no-stream' ? 0 : expected + 1) + place;
    const { type, data } = event;
    return authenticator.sign({
      ...rest,
      revision,
      type,
      schemaVersion: schemaVersionOf(type),
      json: JSON.stringify(data),
    });
  }

  return {
    async write(write) {
      const written = await append(write);
      const { issuer, actor: subject } = write.metadata;
      if (issuer !== null) readYourWrites.wrote({ issuer, subject }, written.position);
      return written;
    },
    append,
    async recall(caller) {
      readYourWrites.wrote(caller, await log.head());
    },
  };
}
