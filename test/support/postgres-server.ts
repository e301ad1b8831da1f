import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Account, accountFor, CLEAN_ENVIRONMENT, idsOf } from '../../src/adapters/postgres/embedded/account.ts';
import { withClient } from './server-databases.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';

/** The folder with the programs of Debian's newest Postgres; undefined if there is none. */
export function debianPostgres(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const [newest] = versions.toSorted((a, b) => Number(b) - Number(a));
  return newest === undefined ? undefined : join(DEBIAN, newest, 'bin');
}

export interface PostgresServer {
  /** The database `postgres`, as a superuser. */
  readonly connectionString: string;
  readonly port: number;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Ends it in order, although clients are connected, and starts it again: `pg_ctl restart`. Resolves when it answers. */
  restart(): Promise<void>;
  /** After `kill`. */
  start(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

export interface PostgresServerOptions {
  /** The folder of its programs. */
  readonly programs: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly encoding?: string;
  /** The folder for its files, which stays. Default: a new one. */
  readonly folder?: string;
  /** The new server is a streaming standby of this one. */
  readonly standbyOf?: PostgresServer;
}

/** A Postgres of any version on loopback, for faults that the server of the test run must not have. */
export async function startPostgresServer(options: PostgresServerOptions): Promise<PostgresServer> {
  const { programs, standbyOf } = options;
  const parent = options.folder ?? (await mkdtemp(join(tmpdir(), 'postgres-server-')));
  const dataDir = join(parent, 'data');
  const account = await accountFor(dataDir);
  const ids = { ...idsOf(account), cwd: '/', env: CLEAN_ENVIRONMENT };
  const port = await freePort();
  const connectionString = `postgresql://postgres:none@127.0.0.1:${port}/postgres`;
  let child: ReturnType<typeof spawn> | undefined;

  async function create(): Promise<void> {
    await giveTo(account, parent);
    await mkdir(dataDir, { mode: 0o700 });
    await giveTo(account, dataDir);
    if (standbyOf) {
      const source = ['-h', '127.0.0.1', '-p', String(standbyOf.port), '-U', 'postgres'];
      await run(join(programs, 'pg_basebackup'), ['-D', dataDir, '-R', '-X', 'stream', '-c', 'fast', ...source], ids);
      return;
    }
    const kind = [`--encoding=${options.encoding ?? 'UTF8'}`, '--locale=C', '--username=postgres', '--auth=trust'];
    await run(join(programs, 'initdb'), ['-D', dataDir, '--no-sync', '--no-instructions', ...kind], ids);
  }

  async function start(): Promise<void> {
    const settings = {
      port: String(port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      shared_buffers: '16MB',
      ...options.settings,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    child = spawn(join(programs, 'postgres'), ['-D', dataDir, ...flags], { ...ids, stdio: 'ignore' });
    const answers = () => withClient(connectionString, (client) => client.query('select 1'));
    await until(() => answers().then(Boolean, () => false));
  }

  async function kill(signal: NodeJS.Signals = 'SIGQUIT'): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async function restart(): Promise<void> {
    await kill('SIGINT');
    await start();
  }

  async function stop(): Promise<void> {
    await kill();
    await rm(options.folder === undefined ? parent : dataDir, { recursive: true, force: true });
  }

  try {
    await create();
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { connectionString, port, kill: () => kill(), restart, start, stop };
}

async function giveTo(account: Account, path: string): Promise<void> {
  if (account.kind === 'other') await chown(path, account.uid, account.gid);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
