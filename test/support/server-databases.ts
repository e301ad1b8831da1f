import type { NetConnectOpts } from 'node:net';
import pg from 'pg';

/** The same server and user, another database. */
export function databaseUrl(connectionString: string, database: string): string {
  return connectionString.replace(/^([^:]+:\/\/[^/]*\/)[^?]*/, `$1${database}`);
}

/** A connection for the time of one task. */
export async function withClient<Result>(
  connectionString: string,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Where the server listens, for a plain socket. */
export function serverOf(connectionString: string): NetConnectOpts {
  const { host, port } = new pg.Client({ connectionString });
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

/** The same server and database by way of a port of this machine. */
export function throughPort(connectionString: string, port: number): string {
  const { user = '', password, database = '' } = new pg.Client({ connectionString });
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(String(password))}`;
  return `postgresql://${login}@127.0.0.1:${port}/${database}`;
}
