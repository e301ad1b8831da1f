import pg, { type ClientBase, type ClientConfig } from 'pg';
import { StandbyServer } from './availability.ts';
import { OneWriteATurn } from './one-write-a-turn.ts';
import { TYPE_PARSERS } from './type-parsers.ts';

/** The names of the connections whose statements are measured. */
export const CONNECTION_NAMES = [
  'purser log writer',
  'purser log tail',
  'purser log streams',
  'purser reads',
  'purser searches',
  'purser chores',
  'purser statistics',
  'purser vault writer',
  'purser vault settler',
  'purser vault reads',
  'purser vault',
  'purser minted passwords',
  'purser audit',
  'purser webhooks',
  'purser standby watch',
  'purser standby reads',
  'purser standby searches',
  'purser standby audit',
] as const;

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
  /** The session is to be one of the hot standby, read-only. It throws for another server. Default: of the primary. */
  readonly admit?: ((server: Server) => void) | undefined;
}

/** What a new session is told of its server. */
export interface Server {
  readonly standby: boolean;
  /** Tells servers apart: when it was started, in seconds since 1970. */
  readonly started_at: string;
}

/** `pg` has no limits by default: not for a connection, an answer or a forgotten transaction. */
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** The client gives up this much later than the server, which matters only if the network is gone. */
const NETWORK_ALLOWANCE_MS = 2_000;

/** For a connection that `prepareSession` completes. Poolers such as PgBouncer refuse settings among these parameters. */
export function sessionConfig(options: SessionOptions): ClientConfig {
  const { connectionString, name, statementTimeoutMs = STATEMENT_TIMEOUT_MS, pipeline = false } = options;
  return {
    connectionString,
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    ...(statementTimeoutMs > 0 && { query_timeout: statementTimeoutMs + NETWORK_ALLOWANCE_MS }),
    keepAlive: true,
    ...(pipeline && { pipeline, stream: () => new OneWriteATurn() }),
    types: TYPE_PARSERS,
  };
}

/**
 * Settles the session's settings, in one statement before all others. A standby is refused unless the session is for one:
 * after a failover, sessions on it would read old data until a restart.
 * @throws StandbyServer, or what `admit` throws
 */
export async function prepareSession(client: ClientBase, options: SessionOptions): Promise<void> {
  const { statementTimeoutMs = STATEMENT_TIMEOUT_MS, byIndexOnly = false, admit } = options;
  const settings = {
    TimeZone: 'UTC',
    DateStyle: 'ISO',
    // Up to version 17 a planner switch makes a plan look so dear that it is compiled, each time: seconds in place of
    // milliseconds, where the server has LLVM as Debian's does.
    jit: 'off',
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_TIMEOUT_MS),
    statement_timeout: String(statementTimeoutMs),
    ...(byIndexOnly && BY_INDEX_ONLY),
    // Should it be promoted, nothing is written there either.
    ...(admit && { default_transaction_read_only: 'on' }),
  };
  const set = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', false)`);
  const { rows } = await client.query<Server>(
    `select pg_is_in_recovery() as standby, extract(epoch from pg_postmaster_start_time())::text as started_at,
       ${set.join(', ')}`,
  );
  const [server] = rows;
  if (server && admit) admit(server);
  else if (server?.standby) throw new StandbyServer('the server is a standby');
}

/** `byIndexOnly` for a session that is there already. */
export async function lookUpByIndexOnly(client: Pick<ClientBase, 'query'>): Promise<void> {
  for (const [name, value] of Object.entries(BY_INDEX_ONLY)) await client.query(`set ${name} = ${value}`);
}

const BY_INDEX_ONLY = { enable_seqscan: 'off', enable_hashjoin: 'off', enable_mergejoin: 'off' };

/**
 * Opens a client. `onLost` is called when the connection breaks; without a listener the error would end the process.
 * @throws StandbyServer
 */
export async function openSession(options: SessionOptions, onLost: (error: Error) => void): Promise<pg.Client> {
  const client = new pg.Client(sessionConfig(options));
  client.on('error', onLost);
  await client.connect();
  try {
    await prepareSession(client, options);
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}
