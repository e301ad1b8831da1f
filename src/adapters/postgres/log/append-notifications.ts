import { setTimeout as delay } from 'node:timers/promises';
import { type Logger, loggable } from '../logger.ts';
import { openSession } from '../session.ts';

/** `log.append_events` notifies this channel. */
const CHANNEL = 'purser_log';
/** Without a connection to listen on, appends cannot be noticed, so a signal is given this often. */
const POLL_MS = 1_000;
const RECONNECT_MS = { min: 200, max: 1_000 } as const;

export interface AppendNotifications {
  close(): Promise<void>;
}

/** Signals appends by any process. Several appends in one turn of the event loop give one signal. */
export function listenForAppends(connectionString: string, logger: Logger, onSignal: () => void): AppendNotifications {
  const closing = new AbortController();
  const { signal: closed } = closing;
  let listening = false;
  let signalled = false;
  let wake = (): void => undefined;

  function signal(): void {
    if (signalled) return;
    signalled = true;
    setImmediate(() => {
      signalled = false;
      if (!closed.aborted) onSignal();
    });
  }

  /** Resolves when the connection is lost or closed. */
  async function listen(): Promise<void> {
    const over = new Promise<void>((resolve) => {
      wake = resolve;
    });
    // A broken connection may report several errors. The first is enough, and no error may end the process.
    const client = await openSession({ connectionString, name: 'purser log listener' }, () => wake());
    try {
      client.once('end', () => wake());
      client.on('notification', signal);
      await client.query(`listen ${CHANNEL}`);
      listening = true;
      // Earlier appends were not noticed.
      signal();
      if (!closed.aborted) await over;
      if (!closed.aborted) logger.warn({}, 'the connection that listens for appends was lost');
    } finally {
      listening = false;
      await client.end().catch(() => undefined);
    }
  }

  async function run(): Promise<void> {
    const poll = setInterval(() => {
      if (!listening) signal();
    }, POLL_MS);
    while (!closed.aborted) {
      await listen().catch((error) => logger.warn(loggable(error), 'cannot listen for appends'));
      const { min, max } = RECONNECT_MS;
      await delay(min + Math.random() * (max - min), undefined, { signal: closed }).catch(() => undefined);
    }
    clearInterval(poll);
  }

  const running = run();
  return {
    async close() {
      closing.abort();
      wake();
      await running;
    },
  };
}
