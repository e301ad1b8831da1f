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
