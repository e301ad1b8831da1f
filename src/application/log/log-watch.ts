import { unavailable } from '../../domain/errors.ts';
import { BEGINNING, type EventLog, type Position } from '../ports/event-log.ts';
import { endOfLog } from './end-of-log.ts';

/**
 * Why nothing is written while the log is older than the read models. A command would use numbers and versions again that
 * are taken, and the log would grow until nothing tells any more that its end is another one.
 */
const LOG_IS_OLDER =
  'The event log is older than the read models, so nothing can be changed. The operator must bring back the right log, or stop the service and run "purser rebuild": see "A log that is older than Postgres" in docs/operations.md.';

/** Whether the log is the one that the read models follow: it can be restored to an earlier state while the service runs. */
export interface LogWatch {
  /** Whether the read models were found to be ahead of the log. It stays so until the next start. */
  readonly isOlder: boolean;
  /** @throws PurserError UNAVAILABLE if the log is older */
  requireOpen(): void;
  /** The same. After a look that failed it looks first: the log may come back as another. @throws EventLogUnavailable */
  admitAppend(): Promise<void>;
  /** Looks at the end of the log. @throws EventLogUnavailable, PurserError UNAVAILABLE if one of the two does not answer */
  look(): Promise<void>;
  /** An event at this position was read, perhaps since the last look: read models may have it. */
  saw(position: Position): void;
}

export interface LogWatchDeps {
  readonly log: Pick<EventLog, 'head' | 'holds' | 'readAll'>;
  readonly readCheckpoint: () => Promise<Position>;
  /** Called once. */
  readonly onOlder: () => void;
}

/** Compares log and read models, and again whenever the last event that it saw in the log is not there any more. */
export async function openLogWatch({ log, readCheckpoint, onOlder }: LogWatchDeps): Promise<LogWatch> {
  let isOlder = false;
  let lastHead = BEGINNING;
  let isAway = false;
  let wasMissing = false;
  let looking: Promise<void> | undefined;

  async function compare(readEnd: () => Promise<Position>): Promise<void> {
    // The checkpoint first, because the log only grows. In one database, both go back together.
    const checkpoint = await readCheckpoint();
    if (checkpoint <= (await readEnd())) return;
    isOlder = true;
    onOlder();
  }

  async function lookOnce(): Promise<void> {
    if (isOlder) return;
    try {
      // Not with what comes after the last event: what was read or appended lately, a log may remember.
      const isMissing = !(await log.holds(lastHead));
      // Once more the next time: what was read of the log before may have come to the read models since.
      if (isMissing || wasMissing) await compare(() => log.head());
      wasMissing = isMissing;
      const head = await log.head();
      // Later events may have been read meanwhile.
      if (isMissing || head > lastHead) lastHead = head;
      isAway = false;
    } catch (error) {
      isAway = true;
      throw error;
    }
  }

  function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  function requireOpen(): void {
    if (isOlder) throw unavailable(LOG_IS_OLDER);
  }

  await compare(() => endOfLog(log));
  await look();
  return {
    get isOlder() {
      return isOlder;
    },
    requireOpen,
    async admitAppend() {
      if (isAway) await look();
      requireOpen();
    },
    look,
    saw(position) {
      if (position > lastHead) lastHead = position;
    },
  };
}

/** The log, to which nothing is appended once it was found to be older. The watch knows what was read of it. */
export function watchedLog(log: EventLog, watch: Pick<LogWatch, 'admitAppend' | 'saw'>): EventLog {
  return {
    ...log,
    async append(stream, expected, events, options) {
      await watch.admitAppend();
      return log.append(stream, expected, events, options);
    },
    async readAll(options) {
      const page = await log.readAll(options);
      const last = page.events.at(-1);
      if (last !== undefined) watch.saw(last.position);
      return page;
    },
  };
}
