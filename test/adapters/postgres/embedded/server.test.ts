import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../../src/adapters/postgres/embedded/server.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { type Checkout, killHard, makeCheckout } from '../../../support/embedded-child.ts';
import { withClient } from '../../../support/server-databases.ts';

const execute = promisify(execFile);
const IS_ROOT = process.getuid?.() === 0;
/** Root puts binaries for other users here. */
const CACHE = '/var/cache/purser';
const NOBODY = { uid: 65534, gid: 65534 };

let parent: string;
let dataDir: string;
let checkout: Checkout;
/** A data folder whose server was stopped: making a cluster takes longer than most tests here. */
let stopped: string;
const running: EmbeddedPostgres[] = [];

beforeAll(async () => {
  // If tests run as root, a folder that no other user can enter.
  checkout = await makeCheckout({ mode: 0o700 });
  stopped = await mkdtemp(join(await realpath(tmpdir()), 'embedded-stopped-'));
  const server = await startEmbeddedPostgres({ dataDir: join(stopped, '.purser'), logger: SILENT });
  await server.stop();
});
afterAll(async () => {
  await checkout.remove();
  await rm(stopped, { recursive: true, force: true });
});

beforeEach(async () => {
  parent = await mkdtemp(join(await realpath(tmpdir()), 'embedded-'));
  dataDir = join(parent, '.purser');
});
afterEach(async () => {
  await checkout.stopAll();
  for (const server of running.splice(0)) await server.stop();
  await rm(parent, { recursive: true, force: true });
});

async function start(folder = dataDir): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir: folder, logger: SILENT });
  running.push(server);
  return server;
}

/** A copy of the stopped folder, with owners and modes, as the one of this test. */
async function useStopped(folder = dataDir): Promise<void> {
  await execute('cp', ['-a', join(stopped, '.purser'), folder]);
}

async function ask<Row>(connectionString: string, sql: string): Promise<Row[]> {
  return withClient(connectionString, async (client) => (await client.query(sql)).rows as Row[]);
}

async function postmasterPid(folder = dataDir): Promise<number> {
  return Number.parseInt(await readFile(join(folder, 'postgres/postmaster.pid'), 'utf8'), 10);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('embedded Postgres', () => {
  it('starts with a role that is not a superuser, in UTF-8, with checksums, durable, and keeps its data', async () => {
    const first = await start();
    const settings = await ask(
      first.connectionString,
      `select current_user as role, (select rolsuper from pg_roles where rolname = current_user) as superuser,
              pg_encoding_to_char(encoding) as encoding, datlocale as locale, lower('É') as lower,
              current_setting('data_checksums') as checksums, current_setting('fsync') as fsync,
              current_setting('synchronous_commit') as durable
         from pg_database where datname = current_database()`,
    );
    expect(settings).toEqual([
      {
        role: 'purser',
        superuser: false,
        encoding: 'UTF8',
        locale: 'C.UTF-8',
        lower: 'é',
        checksums: 'on',
        fsync: 'on',
        durable: 'on',
      },
    ]);
    await ask(first.connectionString, 'create table kept as select 1 as x');
    await Promise.all([first.stop(), first.stop()]);
    const second = await start();
    expect(second.connectionString).toBe(first.connectionString);
    expect(await ask(second.connectionString, 'select x from kept')).toEqual([{ x: 1 }]);
  });

  it('asks for its password, keeps it in a private file, and shows it nowhere else', async () => {
    const { connectionString } = await start();
    const password = (await readFile(join(dataDir, 'postgres-password'), 'utf8')).trim();
    expect(password).toMatch(/^[0-9a-f]{48}$/);
    expect((await stat(join(dataDir, 'postgres-password'))).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect(connectionString).not.toContain(password);
    const wrong = connectionString.replace(/:[0-9a-f]{64}@/, ':wrong@');
    await expect(ask(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' });

    const shown = [
      await readFile(join(dataDir, 'postgres.log'), 'utf8'),
      await readFile(join(dataDir, 'postgres/pg_hba.conf'), 'utf8'),
      process.platform === 'linux' ? await readFile(`/proc/${await postmasterPid()}/cmdline`, 'utf8') : '',
      process.platform === 'linux' ? await readFile(`/proc/${await postmasterPid()}/environ`, 'utf8') : '',
    ].join('\n');
    expect(shown).not.toContain(password);
    expect(shown).not.toMatch(/\b(trust|md5|password)\s*$/m);
  });

  it('writes neither statements nor rows into its log', async () => {
    await useStopped();
    const { connectionString } = await start();
    await ask(connectionString, 'create table guarded (x text check (length(x) < 5))');
    await expect(ask(connectionString, `insert into guarded values ('unloggable')`)).rejects.toThrow();
    await expect(ask(connectionString, `select 'unloggable'::int`)).rejects.toThrow();
    const log = await readFile(join(dataDir, 'postgres.log'), 'utf8');
    expect(log).toContain('violates check constraint');
    expect(log).not.toContain('insert into');
    expect(log).not.toContain('Failing row');
  });

  it('refuses a second owner of the data folder with a sentence, and continues to serve the first one', async () => {
    await useStopped();
    const first = await start();
    await expect(start()).rejects.toThrow(
      `Another Purser (process ${process.pid}) uses the data folder ${dataDir}. Stop it, or set PURSER_DATA_DIR to another folder.`,
    );
    expect(await ask(first.connectionString, 'select 1 as x')).toEqual([{ x: 1 }]);
  });

  it('is taken over by a process that waited for the owner to stop', async () => {
    await useStopped();
    const first = await start();
    const second = start();
    const sessions = `select count(*)::int as count from pg_stat_activity where datname = 'postgres'`;
    await expect.poll(() => ask(first.connectionString, sessions), { interval: 5 }).toEqual([{ count: 2 }]);
    await first.stop();
    expect(await ask((await second).connectionString, 'select 1 as x')).toEqual([{ x: 1 }]);
  });

  it('has one owner if many start at once in a new folder', async () => {
    const starts = await Promise.allSettled([start(), start(), start(), start()]);
    const refused = starts.flatMap((one) => (one.status === 'rejected' ? [one.reason.name] : []));
    expect(refused).toEqual(['DataDirInUse', 'DataDirInUse', 'DataDirInUse']);
  });

  it('refuses a process that was overtaken while it created the cluster, after the owner removed its unfinished files', async () => {
    const slow = checkout.start(dataDir);
    const unfinished = async () =>
      (await readdir(dataDir).catch(() => [])).filter((name) => /^postgres\..*\.tmp$/.test(name)).length;
    await expect.poll(unfinished, { interval: 5 }).toBeGreaterThan(0);
    slow.process.kill('SIGSTOP');
    const first = await start();
    expect(await unfinished()).toBe(0);
    slow.process.kill('SIGCONT');
    await expect(slow.connectionString).rejects.toThrow(
      `Another Purser (process ${process.pid}) uses the data folder ${dataDir}`,
    );
    expect(await ask(first.connectionString, 'select 1 as x')).toEqual([{ x: 1 }]);
  });

  it('is adopted if it outlived a killed Purser', async () => {
    await useStopped();
    const child = checkout.start(dataDir);
    const before = await child.connectionString;
    const pid = await postmasterPid();
    await ask(before, 'create table kept as select 1 as x');
    await killHard(child.process);
    expect(isAlive(pid)).toBe(true);

    const server = await start();
    expect(server.connectionString).toBe(before);
    expect(await postmasterPid()).toBe(pid);
    expect(await ask(before, 'select x from kept')).toEqual([{ x: 1 }]);
    await server.stop();
    await expect(postmasterPid()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('starts over a pid file if another program has its number', async () => {
    await useStopped();
    const child = checkout.start(dataDir);
    await child.connectionString;
    const pid = await postmasterPid();
    await killHard(child.process);
    process.kill(pid, 'SIGKILL');
    const file = join(dataDir, 'postgres/postmaster.pid');
    for (const name of [file, join(dataDir, 'postgres/.s.PGSQL.5432.lock')]) {
      await writeFile(name, (await readFile(name, 'utf8')).replace(/^\d+/, String(process.pid)));
    }
    const server = await start();
    expect(await postmasterPid()).not.toBe(pid);
    expect(await ask(server.connectionString, 'select 1 as x')).toEqual([{ x: 1 }]);
  });

  it('comes back with the same connection string after it is killed', async () => {
    await useStopped();
    const { connectionString } = await start();
    await ask(connectionString, 'create table kept as select 1 as x');
    for (let round = 0; round < 3; round += 1) {
      process.kill(await postmasterPid(), 'SIGKILL');
      await expect.poll(() => ask(connectionString, 'select x from kept').catch(() => 'away')).toEqual([{ x: 1 }]);
    }
  });

  it('recovers from an interrupted initialisation', async () => {
    await mkdir(join(dataDir, 'postgres.0123456789ab.tmp/base'), { recursive: true });
    const child = checkout.start(dataDir);
    child.connectionString.catch(() => undefined);
    const unfinished = async () => (await readdir(dataDir)).filter((name) => /^postgres\..*\.tmp$/.test(name)).length;
    await expect.poll(unfinished, { interval: 5 }).toBe(2);
    await killHard(child.process);

    const server = await start();
    expect(await ask(server.connectionString, 'select 1 as x')).toEqual([{ x: 1 }]);
    expect((await readdir(dataDir)).toSorted()).toEqual(['postgres', 'postgres-password', 'postgres.log']);
  });

  it('listens on loopback if the path is too long for a socket', async () => {
    const folder = join(parent, 'a-long-name'.repeat(10));
    await useStopped(folder);
    const { connectionString } = await start(folder);
    expect(connectionString).toContain('@127.0.0.1:');
    expect(await ask(connectionString, 'select host(inet_server_addr()) as at')).toEqual([{ at: '127.0.0.1' }]);
  });

  it('says which file to restore if its password is lost', async () => {
    await useStopped();
    const file = join(dataDir, 'postgres-password');
    const password = await readFile(file, 'utf8');
    await rm(file);
    await expect(start()).rejects.toThrow(`Restore the file ${file}`);
    await writeFile(file, 'wrong\n');
    await expect(start()).rejects.toThrow('Restore that file');
    await writeFile(file, password);
    const server = await start();
    expect(await ask(server.connectionString, 'select 1 as x')).toEqual([{ x: 1 }]);
  });
});

describe.runIf(IS_ROOT)('embedded Postgres started by root', () => {
  it('runs under another user, from a checkout and in a data folder that only root can enter', async () => {
    await chmod(parent, 0o700);
    const hadCache = await stat(CACHE).catch(() => undefined);
    const child = checkout.start(dataDir);
    const connectionString = await child.connectionString;
    expect(await ask(connectionString, 'select 1 as x')).toEqual([{ x: 1 }]);
    const { uid } = await stat(`/proc/${await postmasterPid()}`);
    expect(uid).not.toBe(0);
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(uid);
    child.process.kill('SIGTERM');
    await expect.poll(() => child.process.exitCode).toBe(0);
    if (!hadCache) await rm(CACHE, { recursive: true });
  });

  it('takes over a folder with files that were restored as root', async () => {
    await useStopped();
    const folder = join(dataDir, 'postgres');
    for (const name of ['', ...(await readdir(folder, { recursive: true }))]) await chown(join(folder, name), 0, 0);
    const server = await start();
    expect(await ask(server.connectionString, 'select 1 as x')).toEqual([{ x: 1 }]);
  });

  it('is refused, with what to do, for a user who does not own the folder, and runs for the owner', {
    timeout: 90_000,
  }, async () => {
    await chmod(checkout.folder, 0o755);
    await chmod(parent, 0o755);
    await useStopped();
    await expect(checkout.start(dataDir, NOBODY).connectionString).rejects.toThrow('belongs to another user');

    const own = join(parent, 'own');
    await mkdir(own);
    await chown(own, NOBODY.uid, NOBODY.gid);
    const child = checkout.start(own, NOBODY);
    expect(await ask(await child.connectionString, 'select 1 as x')).toEqual([{ x: 1 }]);
    expect((await stat(`/proc/${await postmasterPid(own)}`)).uid).toBe(NOBODY.uid);
    child.process.kill('SIGTERM');
    await expect.poll(() => child.process.exitCode).toBe(0);
    await chmod(checkout.folder, 0o700);
  });
});
