import { randomUUID } from 'node:crypto';
import { EventLogUnavailable, unavailable } from '../domain/errors.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { EventContext } from '../domain/registry.ts';
import type { EventLog, EventMetadata, EventToAppend, ExpectedRevision, Position } from './ports/event-log.ts';
import type { ProjectionProgress } from './ports/read-models.ts';

export interface EventWriterDeps {
  readonly log: EventLog;
  readonly progress: ProjectionProgress;
  readonly now: () => number;
}

export interface Write {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** At least one. */
  readonly events: readonly DomainEvent[];
  readonly metadata: EventMetadata;
  /** When the events were decided, in milliseconds since 1970. Default: now. */
  readonly at?: number;
}

/** The events' context, for folding them, and the place of the last event. */
export interface Written extends EventContext {
  readonly revision: number;
  readonly position: Position;
}

/** The only way to write events to the log. */
export interface EventWriter {
  /**
   * Appends the events and waits until the caller can read them back. They are durable when it resolves, and also if
   * only the waiting failed.
   * @throws WrongExpectedRevision if nothing was appended, PurserError UNAVAILABLE if the outcome is unknown
   */
  write(write: Write): Promise<Written>;
  /** Like `write`, but does not wait: for events that no caller reads back. */
  append(write: Write): Promise<Written>;
  /** Waits until the caller can read earlier events: up to the position, or all events if there is no position. */
  readable(position?: Position): Promise<void>;
}

export function createEventWriter({ log, progress, now }: EventWriterDeps): EventWriter {
  async function append({ stream, expected, events, metadata, at = now() }: Write): Promise<Written> {
    const occurredAt = new Date(at).toISOString();
    const [first, ...others] = events.map((event): EventToAppend => {
      return { id: randomUUID(), event, occurredAt, metadata };
    });
    if (first === undefined) throw new Error('an append needs at least one event');
    try {
      const { position, revision } = await log.append(stream, expected, [first, ...others]);
      return { position, revision, at: occurredAt, actor: metadata.actor };
    } catch (error) {
      // The log's own message says to repeat with the same idempotency key. This command has none.
      if (!(error instanceof EventLogUnavailable) || metadata.idempotencyId !== null) throw error;
      throw unavailable(`${error.reason} Try again.`, error);
    }
  }

  return {
    async write(write) {
      const written = await append(write);
      await progress.waitFor(written.position);
      return written;
    },
    append,
    readable: async (position) => progress.waitFor(position ?? (await log.head())),
  };
}
