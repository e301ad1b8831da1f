import pg, { type ClientConfig } from 'pg';
import { OneWriteATurn } from './one-write-a-turn.ts';
import { TYPE_PARSERS } from './type-parsers.ts';

export interface SessionOptions {
  readonly connectionString: string;
  /** Shows in `pg_stat_activity`. */
  readonly name: string;
  /** Milliseconds a statement may take; default 10 s, 0 for no limit. */
  readonly statementTimeoutMs?: number | undefined;
  /** Sends statements without waiting for earlier answers: nearly twice the point reads, but slower durable writes. */
  readonly pipeline?: boolean | undefined;
  /**
   * For sessions whose statements all look rows up by an index: a plan that was made while a table was small and is
   * kept must not read all of it when it is large. In a database that filled up since the start, projecting a created
   * registry took the server 340 to 570 µs, and more with every registry, because of one such plan; then 190 to 200.
   */
  readonly byIndexOnly?: boolean | undefined;
}

/** By default `pg` waits for ever, for a connection, an answer and a forgotten transaction alike. */
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** For an answer that does not come because the network is gone: the server gives up first where it can. */
const NETWORK_ALLOWANCE_MS = 2_000;

/** What all connections to Postgres have in common. */
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

/** A connected client. `onLost` is told when the connection breaks; without a listener that would end the process. */
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
