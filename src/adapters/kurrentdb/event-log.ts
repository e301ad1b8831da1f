import { type EventCopies, type EventLog, WrongExpectedRevision } from '../../application/ports/event-log.ts';
import { EventLogUnavailable } from '../../domain/errors.ts';
import type { StoreAddress } from '../../domain/event-store-url.ts';
import { copiesAsAppends } from '../event-log/copied-events.ts';
import { checkStreamName, prepareAppend } from '../event-log/prepare-append.ts';
import { createAppending } from './appending.ts';
import type { ClientLibrary, StoreEvent } from './client-api.ts';
import { openStoreConnection } from './connection.ts';
import { asPortError, loggableFault } from './faults.ts';
import { type Following, followLog } from './following.ts';
import { createOrigin } from './origin.ts';
import { createRawReads } from './raw-reads.ts';
import { createLogReading } from './reading.ts';
import { recordedEventOf, streamEventOf } from './stored-form.ts';
import { reportStrayRejections } from './stray-rejections.ts';
import { shareStreamReads } from './stream-reads.ts';

export interface KurrentEventLogOptions {
  readonly address: StoreAddress;
  /** What every stream's name begins with, before a dot. Logs with different names share a server. */
  readonly name: string;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  /** From the call to the answer or to `EventLogUnavailable`. Default: 10 s. */
  readonly appendTimeoutMs?: number;
  /** For one attempt of a read. Default: 5 s. */
  readonly readTimeoutMs?: number;
  /** Called with the number of events of every append that was accepted. */
  readonly onBatch?: ((events: number) => void) | undefined;
  /** Called if an append failed, and not because of what the stream holds. */
  readonly onWriteFailed?: ((error: unknown) => void) | undefined;
  /** Default: `@kurrent/kurrentdb-client`. */
  readonly load?: () => Promise<ClientLibrary>;
}

interface Logger {
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

const APPEND_TIMEOUT_MS = 10_000;

/** The log in a KurrentDB (formerly EventStoreDB) 23.10 or later. Nothing is connected before the first call. */
export function createKurrentEventLog(options: KurrentEventLogOptions): EventLog & EventCopies {
  const { address, logger, onBatch, onWriteFailed } = options;
  const prefix = `${options.name}.`;
  const connection = openStoreConnection(address, options.load);
  const reads = createRawReads(connection, options.readTimeoutMs);
  const origin = createOrigin({ connection, reads, prefix });
  const reading = createLogReading(reads, origin, prefix);
  const readStream = shareStreamReads(async (stream, { fromRevision, maxCount }) => {
    const options = { direction: 'forwards', fromRevision: BigInt(fromRevision), maxCount } as const;
    const events = await reads.stream(`${prefix}${stream}`, options);
    return events.map((event) => streamEventOf(event, prefix));
  });
  const append = createAppending({
    connection,
    reads,
    prefix,
    timeoutMs: options.appendTimeoutMs ?? APPEND_TIMEOUT_MS,
    onUnanswered: (error) => logger.warn(loggableFault(error), 'the event store did not answer an append'),
  });
  const endReports = reportStrayRejections((error) =>
    logger.error(loggableFault(error), 'the client of the event store failed outside of a call'),
  );
  const listeners = new Set<() => void>();
  const running = new Set<Promise<unknown>>();
  let following: Following | undefined;
  let closed = false;

  function tellListeners(): void {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        // The append has succeeded, so a listener's error must not fail it.
        logger.error(loggableFault(error), 'a listener for appends failed');
      }
    }
  }

  function follow(): Following {
    return followLog({
      connection,
      prefix,
      start: reading.present,
      convert: (event: StoreEvent) => (origin.isMark(event) ? undefined : recordedEventOf(event, prefix)),
      onEvent: tellListeners,
      onFault: (error) => logger.warn(loggableFault(error), 'the subscription to the event store ended'),
    });
  }

  /** Runs a call, unless the log is closed, and gives its errors the port's form. */
  async function answered<Result>(call: () => Promise<Result>): Promise<Result> {
    if (closed) throw new EventLogUnavailable('The service is stopping.');
    const answer = call().catch((error: unknown) => {
      throw asPortError(error);
    });
    running.add(answer);
    try {
      return await answer;
    } finally {
      running.delete(answer);
    }
  }

  async function close(): Promise<void> {
    closed = true;
    listeners.clear();
    await Promise.allSettled(running);
    await following?.close();
    await connection.close();
    endReports();
  }
  let closing: Promise<void> | undefined;

  return {
    async append(stream, expected, events, options) {
      const prepared = prepareAppend(stream, expected, events, options);
      return answered(async () => {
        await origin.establish();
        const { revision, position } = await append(prepared).catch((error: unknown) => {
          if (!(error instanceof WrongExpectedRevision)) onWriteFailed?.(error);
          throw error;
        });
        if (position !== undefined) onBatch?.(prepared.events.length);
        tellListeners();
        return { revision, position: position ?? (await reading.head()) };
      });
    },

    appendCopies: (events) =>
      answered(async () => {
        await origin.establish();
        // Not at the same time: the server would order them as they come.
        for (const copies of copiesAsAppends(events)) await append(copies);
        tellListeners();
      }),

    async readStream(stream, options) {
      checkStreamName(stream);
      return answered(() => readStream(stream, options));
    },

    readAll: (options) =>
      answered(async () => following?.after(options.after, options.maxCount) ?? reading.readAll(options)),

    head: () => answered(reading.head),

    holds: (head) => answered(() => reading.holds(head)),

    onAppended(listener) {
      listeners.add(listener);
      if (!closed) following ??= follow();
      return () => listeners.delete(listener);
    },

    close() {
      closing ??= close();
      return closing;
    },
  };
}
