import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { accountFor, idsOf } from '../../src/adapters/postgres/embedded/account.ts';
import { freePort } from './postgres-server.ts';
import { throughPort, withClient } from './server-databases.ts';
import { until } from './until.ts';

/** Debian keeps it outside an ordinary user's PATH. */
const PROGRAM = '/usr/sbin/pgbouncer';

export interface PgBouncer {
  /** The given database, by way of the pooler. */
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** The real pooler, with Debian's defaults, in front of the server of a database, which must listen on loopback. */
export async function startPgBouncer(
  connectionString: string,
  settings: { readonly pool_mode: 'session' | 'transaction' | 'statement' } & Readonly<Record<string, string | number>>,
): Promise<PgBouncer> {
  const { host, port, user = '', password, database = '' } = new pg.Client({ connectionString });
  // PgBouncer refuses to run as root.
  const account = await accountFor(join(tmpdir(), 'none'));
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'));
  const own = await freePort();
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: own,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: join(folder, 'users'),
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  await writeFile(join(folder, 'users'), `"${user}" "${password}"\n`);
  await writeFile(
    join(folder, 'pgbouncer.ini'),
    ['[databases]', `* = host=${host} port=${port}`, '[pgbouncer]', ...lines, ''].join('\n'),
  );
  if (account.kind === 'other') await chown(folder, account.uid, account.gid);
  const child = spawn(PROGRAM, ['-q', join(folder, 'pgbouncer.ini')], { ...idsOf(account), cwd: '/', stdio: 'ignore' });
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const pooled = throughPort(connectionString, own);
  const answers = () => withClient(pooled, (client) => client.query('select 1'));
  try {
    await until(() => answers().then(Boolean, () => false));
  } catch (error) {
    await stop();
    throw new Error(`PgBouncer does not reach ${database}`, { cause: error });
  }
  return { connectionString: pooled, stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
