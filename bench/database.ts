import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg, { type Client } from 'pg';
import { startEmbeddedPostgres } from '../src/adapters/postgres/embedded/server.ts';
import { SILENT } from '../src/adapters/postgres/logger.ts';
import { migrate } from '../src/adapters/postgres/migrate.ts';

export interface BenchServer {
  /** A folder for this run only. */
  readonly folder: string;
  /** A new database with the service's schema. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** The service's embedded Postgres with fsync on, in a temporary folder. */
export async function startServer(): Promise<BenchServer> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-bench-'));
  const server = await startEmbeddedPostgres({ dataDir: folder, logger: SILENT });
  return {
    folder,
    async createDatabase(name) {
      await withClient(server.connectionString, (client) => client.query(`create database ${name}`));
      // Not a URL object: the host is empty if the server listens on a socket.
      const connectionString = server.connectionString.replace(/^([^:]+:\/\/[^/]*\/)[^?]*/, `$1${name}`);
      await migrate(connectionString);
      return connectionString;
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function withClient<Result>(
  connectionString: string,
  use: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
