import { setTimeout as delay } from 'node:timers/promises';
import { isOutcomeUnknown, isOutOfResources, isReadOnly, isUnavailable, outageSentence } from './availability.ts';
import { createConnection } from './connection.ts';
import { type Logger, loggable } from './logger.ts';

const PROBE_EVERY_MS = 5_000;
const PROBE_IN_OUTAGE_EVERY_MS = 1_000;
const PROBE_TIMEOUT_MS = 3_000;

const UPDATE = { name: 'write-probe', text: 'update projection.write_probe set written_at = now()' };
const TAKE_SPACE = { name: 'space-probe', text: 'select projection.probe_space()' };

/** Knows whether the database can be written. */
export interface WriteWatch {
  /** Why nothing can be written, as a public sentence; undefined while writes succeed. */
  readonly outage: string | undefined;
  /** Tell it of a write that failed: the next probe may come later, and may be too small to meet the same fault. */
  failed(error: unknown): void;
  stop(): Promise<void>;
}

/**
 * Writes a row from time to time, over its own connection. After an outage it goes on probing, because a service that is
 * not ready gets no requests whose writes could succeed.
 */
export function createWriteWatch(options: { readonly connectionString: string; readonly logger: Logger }): WriteWatch {
  const { connectionString, logger } = options;
  const stopping = new AbortController();
  const connection = createConnection({
    connectionString,
    logger,
    name: 'purser write probe',
    statementTimeoutMs: PROBE_TIMEOUT_MS,
  });
  let outage: { readonly reason: string; readonly lacksSpace: boolean } | undefined;
  let hurry = new AbortController();

  function begin(error: unknown): void {
    const reason = outageSentence(error);
    if (outage?.reason !== reason) logger.error({ reason, ...loggable(error) }, 'the database cannot be written');
    // Another fault in between says nothing of the space: only taking some shows that it is there again.
    outage = { reason, lacksSpace: isOutOfResources(error) || outage?.lacksSpace === true };
  }

  async function probe(): Promise<void> {
    try {
      await connection.query(UPDATE).catch((error: unknown) => {
        if (!isOutcomeUnknown(error)) throw error;
        // Perhaps only the connection was lost.
        return connection.query(UPDATE);
      });
      if (outage?.lacksSpace) await connection.query(TAKE_SPACE);
      if (outage) logger.info({}, 'the database can be written again');
      outage = undefined;
    } catch (error) {
      if (!stopping.signal.aborted) begin(error);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await probe();
      hurry = new AbortController();
      const signal = AbortSignal.any([stopping.signal, hurry.signal]);
      await delay(outage ? PROBE_IN_OUTAGE_EVERY_MS : PROBE_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  const running = run();

  return {
    get outage() {
      return outage?.reason;
    },
    failed(error) {
      if (!isUnavailable(error)) return;
      if (!outage) hurry.abort();
      // What else went wrong may concern only that write's connection: the probe finds out.
      if (isReadOnly(error) || isOutOfResources(error)) begin(error);
    },
    async stop() {
      stopping.abort();
      await running;
      await connection.close();
    },
  };
}
