import pg, { type Pool } from 'pg';
import type { ConnectionUsage } from '../../application/ports/metrics.ts';
import { type Logger, loggable } from './logger.ts';
import { prepareSession, type SessionOptions, sessionConfig } from './session.ts';

/** Unused connections are closed after this. */
const IDLE_TIMEOUT_MS = 30_000;

export interface PoolOptions extends SessionOptions {
  /** The most connections. */
  readonly max: number;
  readonly logger: Logger;
}

/** Rows have `bigint` for int8 and text for instants (ISO 8601, UTC, milliseconds), numerics and dates. */
export function createPool(options: PoolOptions): Pool {
  const pool = new pg.Pool({
    ...sessionConfig(options),
    max: options.max,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    onConnect: (client) => prepareSession(client, options),
  });
  const report = (error: Error) => {
    options.logger.warn({ pool: options.name, ...loggable(error) }, 'a connection to Postgres broke');
  };
  // An error event without a listener ends the process. The pool listens on idle connections only, so each connection
  // gets a listener for the time in which it is in use.
  pool.on('error', report);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** For those who observe the pool's statements. */
export function usageOf({ totalCount, waitingCount }: Pool): ConnectionUsage {
  return { open: totalCount, waiting: waitingCount };
}
