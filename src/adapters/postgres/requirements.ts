import type { Client } from 'pg';
import {
  DatabaseFault,
  MIN_SERVER_VERSION,
  readOnly,
  sharedSessions,
  targetOf,
  tooOld,
  wrongEncoding,
} from './database-fault.ts';
import { openSession } from './session.ts';

interface Server {
  readonly number: number;
  readonly version: string;
  readonly read_only: boolean;
  readonly encoding: string;
}

/** @throws DatabaseFault if the server is too old or read-only, or the database does not hold UTF-8 */
export async function requireFit(client: Client): Promise<void> {
  const { rows } = await client.query<Server>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
            current_setting('transaction_read_only')::bool as read_only, current_setting('server_encoding') as encoding`,
  );
  const [server] = rows;
  if (!server) return;
  const target = targetOf(client);
  if (server.number < MIN_SERVER_VERSION * 10_000) throw new DatabaseFault(tooOld(target, server.version));
  if (server.encoding !== 'UTF8') throw new DatabaseFault(wrongEncoding(target, server.encoding));
  if (server.read_only) throw new DatabaseFault(readOnly(target));
}

/** A busy pooler may give the same session by chance. */
const TRIALS = 5;

/**
 * Finds a pooler that lends a session for one transaction only: prepared statements, locks and notifications would be
 * lost, and another client would get them. While two clients are connected, they must have different sessions, and keep
 * them. Poolers prefer the session that was used last, so the second client gets the first one's.
 * @throws DatabaseFault
 */
export async function requireOwnSessions(connectionString: string): Promise<void> {
  const session = { connectionString, name: 'purser start' };
  const client = await openSession(session, () => undefined);
  try {
    const other = await openSession(session, () => undefined);
    try {
      for (let trial = 0; trial < TRIALS; trial += 1) {
        if (await sharesSession(client, other)) throw new DatabaseFault(sharedSessions(targetOf(client)));
      }
    } finally {
      await other.end();
    }
  } finally {
    await client.end();
  }
}

async function sharesSession(client: Client, other: Client): Promise<boolean> {
  const before = await sessionOf(client);
  await other.query('begin');
  const held = await sessionOf(other);
  // If the pool has a single session, the first client would wait here for the other's transaction.
  const after = held === before ? held : await sessionOf(client);
  await other.query('rollback');
  return held === before || after !== before;
}

async function sessionOf(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid;
}
