import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/adapters/postgres/embedded/server.ts';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { copyFolder } from './copy-folder.ts';
import { endOfRunChecks, failingTheRun } from './end-of-run.ts';
import { startPostgresServer } from './postgres-server.ts';
import { programsFor } from './postgres-versions.ts';
import { databaseUrl, withClient } from './server-databases.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where `createTestDatabase` makes its databases, and what their names begin with. */
    readonly testServer: { readonly connectionString: string; readonly prefix: string };
    /** Where services under test write their logs, a file for each process. */
    readonly logFolder: string;
    /** A data folder with a migrated Postgres, for copies; undefined where the run's server is another. */
    readonly preparedFolder: string | undefined;
  }
}

interface TestServer {
  readonly connectionString: string;
  readonly dataDir: string | undefined;
  stop(): Promise<void>;
}

const execute = promisify(execFile);

/** Several projects may run, and one build serves them all. `.ci/run` sets it too, for several runs. */
const BUILT = 'PURSER_TESTS_BUILT';

/** Here, before all workers: they run the programs while others do. */
async function build(): Promise<void> {
  if (process.env[BUILT]) return;
  await execute('npm', ['run', '-s', 'build']).catch((error: Error & { stdout?: string }) => {
    throw new Error(`the programs cannot be built:\n${error.stdout || error.message}`);
  });
  process.env[BUILT] = '1';
}

/**
 * The programs as they are built. One server for the whole run and one migrated template in it, which every test file clones. Databases stay until
 * the end of the run, so that the checks over everything written find what the tests wrote.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await build();
  const programs = await programsFor(project.name);
  const preparedFolder = programs === undefined ? await prepareFolder() : undefined;
  const server = await startServer(programs, preparedFolder);
  const prefix = `purser_test_${process.pid}_${Date.now().toString(36)}_`;
  const template = `${prefix}template`;
  try {
    await withClient(server.connectionString, (client) => client.query(`create database ${template}`));
    await migrate(databaseUrl(server.connectionString, template));
  } catch (error) {
    await server.stop();
    throw error;
  }
  const logFolder = await mkdtemp(join(tmpdir(), 'purser-test-logs-'));
  project.provide('testServer', { connectionString: server.connectionString, prefix });
  project.provide('logFolder', logFolder);
  project.provide('preparedFolder', preparedFolder);

  return failingTheRun(async () => {
    const databases = await databasesOf(server.connectionString, prefix);
    try {
      const { connectionString, dataDir } = server;
      for (const check of endOfRunChecks) await check({ connectionString, databases, dataDir, logFolder });
    } finally {
      if (server.dataDir === undefined) {
        for (const name of databases) {
          await withClient(server.connectionString, (client) => client.query(`drop database ${name} with (force)`));
        }
      }
      await server.stop();
      await rm(logFolder, { recursive: true, force: true });
      if (preparedFolder !== undefined) await rm(preparedFolder, { recursive: true, force: true });
    }
  });
}

/** Services that begin with a copy of it are ready three seconds sooner than those that have to make one. */
async function prepareFolder(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'purser-prepared-'));
  const server = await startEmbeddedPostgres({ dataDir, logger: SILENT });
  try {
    await migrate(server.connectionString);
  } finally {
    await server.stop();
  }
  return dataDir;
}

async function startServer(programs: string | undefined, preparedFolder = ''): Promise<TestServer> {
  if (programs !== undefined) return startOtherVersion(programs);
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { connectionString: given, dataDir: undefined, stop: async () => undefined };
  const dataDir = await mkdtemp(join(tmpdir(), 'purser-test-'));
  const removeDataDir = () => rm(dataDir, { recursive: true, force: true });
  try {
    await copyFolder(preparedFolder, dataDir);
    const embedded = await startEmbeddedPostgres({ dataDir, logger: SILENT });
    const stop = async () => {
      await embedded.stop();
      await removeDataDir();
    };
    process.once('exit', () => endAtOnce(dataDir));
    return { connectionString: embedded.connectionString, dataDir, stop };
  } catch (error) {
    await removeDataDir();
    throw error;
  }
}

async function startOtherVersion(programs: string): Promise<TestServer> {
  const { connectionString, stop } = await startPostgresServer({ programs });
  // Not a superuser, as in production.
  await withClient(connectionString, (client) => client.query('create role purser login createdb'));
  await withClient(connectionString, (client) => client.query('create database purser owner purser'));
  return {
    connectionString: connectionString.replace('postgres:none', 'purser:none').replace(/postgres$/, 'purser'),
    dataDir: undefined,
    stop,
  };
}

/** For a run that is interrupted: Vitest leaves a millisecond for what has to be done. */
function endAtOnce(dataDir: string): void {
  const pidFile = join(dataDir, 'postgres/postmaster.pid');
  if (!existsSync(pidFile)) return;
  process.kill(Number.parseInt(readFileSync(pidFile, 'utf8'), 10), 'SIGQUIT');
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
}

async function databasesOf(connectionString: string, prefix: string): Promise<string[]> {
  return withClient(connectionString, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [prefix],
    );
    return rows.map(({ datname }) => datname);
  });
}
