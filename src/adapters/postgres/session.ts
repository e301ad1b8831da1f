import pg, { type ClientConfig } from 'pg';
import { OneWriteATurn } from './one-write-a-turn.ts';
import { TYPE_PARSERS } from './type-parsers.ts';

export interface SessionOptions {
  readonly connectionString: string;
  /** Visible in `pg_stat_activity`. */
  readonly name: string;
  /** Milliseconds a statement may take; default 10 s, 0 for no limit. */
  readonly statementTimeoutMs?: number | undefined;
  /** Sends statements without waiting for earlier answers: nearly twice as many point reads, but slower durable writes. */
  readonly pipeline?: boolean | undefined;
  /**
   * For sessions with only index look-ups. Postgres keeps plans: one made for a small table must not scan the whole table
   * when it is large. In a database that filled up after the start, one such plan made the projection of a created
   * registry take 340 to 570 µs of the server's time, and more with every registry; with this option 190 to 200.
   */
  readonly byIndexOnly?: boolean | undefined;
}

/** `pg` has no limits by default: not for a connection, an answer or a forgotten transaction. */
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** The client gives up this much later than the server, which matters only if the network is gone. */
const NETWORK_ALLOWANCE_MS = 2_000;

/** The configuration of all connections to Postgres. */
export function sessionConfig(options: SessionOptions): ClientConfig {
  const { connectionString, name, statementTimeoutMs, pipeline = false, byIndexOnly = false } = options;
  const statementTimeout = statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  return {
    connectionString,
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    ...(statementTimeout > 0 && {
      statement_timeout: statementTimeout,
      query_timeout: statementTimeout + NETWORK_ALLOWANCE_MS,
    }),
    keepAlive: true,
    ...(pipeline && { pipeline, stream: () => new OneWriteATurn() }),
    options: settings({ TimeZone: 'UTC', DateStyle: 'ISO', ...(byIndexOnly && BY_INDEX_ONLY) }),
    types: TYPE_PARSERS,
  };
}

/** Opens a client. `onLost` is called when the connection breaks; without a listener the error would end the process. */
export async function openSession(options: SessionOptions, onLost: (error: Error) => void): Promise<pg.Client> {
  const client = new pg.Client(sessionConfig(options));
  client.on('error', onLost);
  await client.connect();
  return client;
}

const BY_INDEX_ONLY = { enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' };

function settings(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}
