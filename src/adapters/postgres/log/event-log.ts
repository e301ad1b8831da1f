import { setTimeout as delay } from 'node:timers/promises';
import type { QueryConfig, QueryResultRow } from 'pg';
import {
  type AppendResult,
  BEGINNING,
  type EventCopies,
  type EventLog,
  type Position,
  WrongExpectedRevision,
} from '../../../application/ports/event-log.ts';
import { EventLogUnavailable } from '../../../domain/errors.ts';
import { unreachable } from '../../../domain/unreachable.ts';
import { copiesAsAppends, inGroupsOfDifferentStreams } from '../../event-log/copied-events.ts';
import { checkStreamName, type PreparedAppend, prepareAppend, timeLeft } from '../../event-log/prepare-append.ts';
import { isDataFault, isTimeout, isUnavailable, outageSentence } from '../availability.ts';
import { type Connection, createConnection } from '../connection.ts';
import { createDataLoader } from '../data-loader.ts';
import { createGroupCommit } from '../group-commit.ts';
import { type Logger, loggable } from '../logger.ts';
import type { StatementObserver } from '../observed-statements.ts';
import { type AppendNotifications, listenForAppends } from './append-notifications.ts';
import {
  APPEND,
  type AppendRow,
  appendedEvents,
  appendValues,
  type EventRow,
  pageOf,
  READ_ALL,
  READ_STREAMS,
  type StreamEventRow,
  type StreamRead,
  streamEvent,
  streamReadValues,
} from './event-rows.ts';
import { createRecentEvents } from './recent-events.ts';

export interface PostgresEventLogOptions {
  readonly connectionString: string;
  readonly logger: Logger;
  /** From the call to the answer or to `EventLogUnavailable`. Default: 10 s. */
  readonly appendTimeoutMs?: number;
  /** Called with the number of events for every batch that added some. Refused and repeated events do not count. */
  readonly onBatch?: ((events: number) => void) | undefined;
  /** Called with every error because of which an append was not written. */
  readonly onWriteFailed?: ((error: unknown) => void) | undefined;
  /** Default: nothing observes the statements. */
  readonly statements?: StatementObserver | undefined;
}

const APPEND_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 5_000;
const MAX_EVENTS_IN_BATCH = 256;
const MAX_STREAMS_IN_READ = 64;
/** If the connection breaks, the batch is sent again after these pauses; the event ids make that safe. */
const RETRY_DELAYS_MS = [100, 400] as const;

type AppendOutcome =
  | { readonly kind: 'appended'; readonly result: AppendResult }
  | { readonly kind: 'wrong revision'; readonly actual: number | 'no-stream' };

/** The log in `log.events`, written by group commit over one connection. Migrations must have run. */
export function createPostgresEventLog(options: PostgresEventLogOptions): EventLog & EventCopies {
  const { connectionString, logger, onBatch, statements, appendTimeoutMs = APPEND_TIMEOUT_MS } = options;
  const listeners = new Set<() => void>();
  let notifications: AppendNotifications | undefined;
  let closed = false;

  const writer = createConnection({
    connectionString,
    logger,
    name: 'purser log writer',
    statements,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  const reader = (name: string) =>
    createConnection({
      connectionString,
      logger,
      name,
      statements,
      pipeline: true,
      byIndexOnly: true,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    });
  const tailReader = reader('purser log tail');
  // A separate connection: a stream's read must not wait behind a page of a thousand events.
  const streamReader = reader('purser log streams');
  const recent = createRecentEvents();

  const appends = createGroupCommit<PreparedAppend, AppendOutcome>({
    commit: async (batch) => {
      const rows = await insert(batch);
      if (listeners.size > 0 && rows.some(({ outcome }) => outcome === 'appended')) {
        recent.add(appendedEvents(batch, rows));
        tellListeners();
      }
      return outcomesOf(batch, rows);
    },
    maxWeight: MAX_EVENTS_IN_BATCH,
    weightOf: ({ events }) => events.length,
    // One append for each stream in a batch: the next append's expected revision depends on the result of this one.
    keysOf: ({ stream }) => [stream],
    isItemFault: isDataFault,
    timeoutMs: appendTimeoutMs,
    timeoutError: () => new EventLogUnavailable('The event log did not answer in time.'),
    closedError,
  });

  async function insert(batch: readonly PreparedAppend[]): Promise<AppendRow[]> {
    const statement = { ...APPEND, values: appendValues(batch) };
    for (let attempt = 0; ; attempt += 1) {
      try {
        const { rows } = await writer.query<AppendRow>(statement);
        const added = rows.filter(({ outcome }) => outcome === 'appended').length;
        if (added > 0) onBatch?.(added);
        return rows;
      } catch (error) {
        if (!isUnavailable(error)) throw error;
        options.onWriteFailed?.(error);
        const pause = RETRY_DELAYS_MS[attempt];
        const isAwaited = batch.some((append) => timeLeft(append, appendTimeoutMs) > 0);
        if (pause === undefined || !isAwaited) throw answerable(error);
        logger.warn({ attempt, ...loggable(error) }, 'the database did not answer an append; sending it again');
        await delay(pause * (0.5 + Math.random()));
      }
    }
  }

  async function submit(append: PreparedAppend): Promise<AppendResult> {
    const outcome = await appends.submit(append, timeLeft(append, appendTimeoutMs));
    switch (outcome.kind) {
      case 'appended':
        return outcome.result;
      case 'wrong revision':
        throw new WrongExpectedRevision(append.stream, append.expected, outcome.actual);
      default:
        return unreachable(outcome, 'outcome of an append');
    }
  }

  const readStream = createDataLoader<StreamRead, EventRow[]>({
    maxKeys: MAX_STREAMS_IN_READ,
    read: async (reads) => {
      const rows = await read<StreamEventRow>(streamReader, { ...READ_STREAMS, values: streamReadValues(reads) });
      const found: EventRow[][] = reads.map(() => []);
      for (const row of rows) found[row.asked - 1]?.push(row);
      return found;
    },
  });

  async function read<Row extends QueryResultRow>(connection: Connection, statement: QueryConfig): Promise<Row[]> {
    if (closed) throw closedError();
    try {
      return (await connection.query<Row>(statement)).rows;
    } catch (error) {
      if (!isUnavailable(error) || isTimeout(error)) throw answerable(error);
    }
    try {
      // Reads are safe to repeat, and perhaps only the connection was lost.
      return (await connection.query<Row>(statement)).rows;
    } catch (error) {
      throw answerable(error);
    }
  }

  function tellListeners(): void {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        // The append has succeeded, so a listener's error must not fail it.
        logger.error(loggable(error), 'a listener for appends failed');
      }
    }
  }

  async function close(): Promise<void> {
    closed = true;
    await appends.close();
    listeners.clear();
    await Promise.all([notifications, writer, tailReader, streamReader].map((part) => part?.close()));
  }
  let closing: Promise<void> | undefined;

  return {
    append: async (stream, expected, events, options) => submit(prepareAppend(stream, expected, events, options)),

    async appendCopies(events) {
      // Group commit keeps the order of appends to different streams.
      for (const group of inGroupsOfDifferentStreams(copiesAsAppends(events))) await Promise.all(group.map(submit));
    },

    async readStream(stream, { fromRevision, maxCount }) {
      checkStreamName(stream);
      return (await readStream({ stream, fromRevision, maxCount })).map(streamEvent);
    },

    async readAll({ after, maxCount }) {
      const remembered = recent.after(after, maxCount);
      if (remembered && !closed) return remembered;
      const rows = await read<EventRow>(tailReader, { ...READ_ALL, values: [after, maxCount] });
      return pageOf(rows, { after, maxCount });
    },

    async head() {
      const rows = await read<{ position: bigint }>(tailReader, {
        name: 'read-head',
        text: 'select position from log.head',
      });
      return (rows[0]?.position as Position | undefined) ?? BEGINNING;
    },

    async holds(head) {
      if (head === BEGINNING) return true;
      const text = 'select from log.events where position = $1';
      return (await read(tailReader, { name: 'read-presence', text, values: [head] })).length > 0;
    },

    onAppended(listener) {
      listeners.add(listener);
      if (!closed) notifications ??= listenForAppends(connectionString, logger, tellListeners);
      return () => listeners.delete(listener);
    },

    close() {
      closing ??= close();
      return closing;
    },
  };
}

function answerable(error: unknown): unknown {
  return isUnavailable(error) ? new EventLogUnavailable(outageSentence(error), { cause: error }) : error;
}

function closedError(): EventLogUnavailable {
  return new EventLogUnavailable('The service is stopping.');
}

/** The database gives one row for each event. An append's outcome is that of its last event. */
function outcomesOf(batch: readonly PreparedAppend[], rows: readonly AppendRow[]): AppendOutcome[] {
  let next = 0;
  return batch.map(({ events }) => {
    next += events.length;
    const row = rows[next - 1];
    if (!row) throw new Error('log.append_events answered with fewer rows than events');
    return outcomeOf(row);
  });
}

function outcomeOf({ outcome, position, revision }: AppendRow): AppendOutcome {
  switch (outcome) {
    case 'appended':
    case 'repeated':
      return { kind: 'appended', result: { position: (position ?? BEGINNING) as Position, revision } };
    case 'wrong_revision':
      return { kind: 'wrong revision', actual: revision === -1 ? 'no-stream' : revision };
    default:
      return unreachable(outcome, 'outcome of an append');
  }
}
