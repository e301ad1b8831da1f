import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { inject } from 'vitest';
import { databaseUrl, withClient } from './server-databases.ts';

/** A connection's end reaches the server a moment later. */
const CLOSING_PATIENCE_MS = 2_000;

export interface TestDatabase {
  readonly connectionString: string;
  /**
   * To be called when the test file is done with it (it is also called for it). The database itself stays until the
   * end of the run, for the checks over everything written.
   * @throws if a connection to it is still open
   */
  drop(): Promise<void>;
}

const created: TestDatabase[] = [];

/** A migrated, empty database for one test file: a clone of the run's template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { connectionString, prefix } = inject('testServer');
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  await withClient(connectionString, (client) => client.query(`create database ${name} template ${prefix}template`));
  const database: TestDatabase = {
    connectionString: databaseUrl(connectionString, name),
    drop: () => requireNoConnections(connectionString, name),
  };
  created.push(database);
  return database;
}

/** A database without any table, for one test file. */
export async function createEmptyDatabase(): Promise<string> {
  const { connectionString, prefix } = inject('testServer');
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  await withClient(connectionString, (client) => client.query(`create database ${name}`));
  return databaseUrl(connectionString, name);
}

/** Fails the test file that left a pool or a client open. */
export async function closeTestDatabases(): Promise<void> {
  for (const database of created.splice(0)) await database.drop();
}

async function requireNoConnections(connectionString: string, name: string): Promise<void> {
  await withClient(connectionString, async (client) => {
    for (const until = performance.now() + CLOSING_PATIENCE_MS; ; ) {
      const { rows } = await client.query<{ application_name: string; query: string }>(
        `select application_name, query from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
        [name],
      );
      if (rows.length === 0) return;
      if (performance.now() > until) {
        const left = rows.map((row) => `"${row.application_name}" (${row.query})`).join(', ');
        throw new Error(`Connections to the test database were not closed: ${left}`);
      }
      await delay(20);
    }
  });
}
