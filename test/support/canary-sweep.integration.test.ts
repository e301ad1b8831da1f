import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedPostgres } from '../../src/adapters/postgres/embedded/server.ts';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { migrate } from '../../src/adapters/postgres/migrate.ts';
import { canary } from './canary.ts';
import { requireNoCanary, sweep, sweepDatabase, sweepFolder } from './canary-sweep.ts';
import type { TestRun } from './end-of-run.ts';
import { databaseUrl, withClient } from './server-databases.ts';

/** How a password may come to be written. `{"…":"…"}` around it shifts it to each of base64's three offsets. */
const WRITTEN: Readonly<Record<string, (password: string) => Buffer>> = {
  plain: (password) => Buffer.from(`ada:${password}`),
  'base64 at offset 0': (password) => base64(password),
  'base64 at offset 1': (password) => base64(`:${password}`),
  'base64 at offset 2': (password) => base64(`a:${password}`),
  'base64 for URLs': (password) => Buffer.from(Buffer.from(`ada:${password}>>??`).toString('base64url')),
  'hex, lower case': (password) => Buffer.from(Buffer.from(password).toString('hex')),
  'hex, upper case': (password) => Buffer.from(Buffer.from(password).toString('hex').toUpperCase()),
  'URL-escaped hyphen': (password) => Buffer.from(password.replaceAll('-', '%2D')),
  'URL-escaped, lower case': (password) => Buffer.from(escaped(password, (byte) => `%${byte}`)),
  'URL-escaped, upper case': (password) => Buffer.from(escaped(password, (byte) => `%${byte.toUpperCase()}`)),
  'JSON-escaped hyphen': (password) => Buffer.from(password.replaceAll('-', '\\u002d')),
  'JSON-escaped, lower case': (password) => Buffer.from(escaped(password, (byte) => `\\u00${byte}`)),
  'JSON-escaped, upper case': (password) => Buffer.from(escaped(password, (byte) => `\\u00${byte.toUpperCase()}`)),
  'UTF-16, little-endian': (password) => Buffer.from(password, 'utf16le'),
  'UTF-16, big-endian': (password) => Buffer.from(password, 'utf16le').swap16(),
  'a printed Buffer': (password) => Buffer.from(escaped(password, (byte) => `${byte} `)),
  'a Buffer in JSON': (password) => Buffer.from(JSON.stringify(Buffer.from(password))),
};

function base64(text: string): Buffer {
  return Buffer.from(Buffer.from(text).toString('base64'));
}

function escaped(text: string, spell: (byte: string) => string): string {
  return [...Buffer.from(text)].map((byte) => spell(byte.toString(16))).join('');
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-sweep-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('the sweep over files', () => {
  it.each(Object.entries(WRITTEN))('finds a password in a log that stands there as %s', async (_, write) => {
    const logFolder = await temporaryFolder();
    await mkdir(join(logFolder, 'deeper'));
    const line = Buffer.concat([Buffer.from('{"level":50,"msg":"'), write(canary('log')), Buffer.from('"}\n')]);
    await writeFile(join(logFolder, 'deeper', 'service.log'), line);
    expect(sweepFolder(logFolder).findings).toMatchObject([{ place: join('deeper', 'service.log') }]);
  });

  it('finds one that lies across two of the blocks in which files are read, wherever it is cut', async () => {
    const folder = await temporaryFolder();
    const block = 1024 * 1024;
    const encodings = Object.values(WRITTEN);
    for (let cut = 1; cut < 30; cut += 1) {
      const write = encodings[cut % encodings.length] ?? base64;
      const content = Buffer.alloc(2 * block + 10, '.');
      write(canary('cut')).copy(content, block - cut);
      await writeFile(join(folder, `${cut}`), content);
    }
    expect(sweepFolder(folder).findings).toHaveLength(29);
  });

  it('names each finding and its place, and does not repeat the password', async () => {
    const logFolder = await temporaryFolder();
    const password = canary('told');
    await writeFile(join(logFolder, 'service.log'), password);
    const told = await requireNoCanary({ connectionString: '', databases: [], dataDir: undefined, logFolder }).catch(
      String,
    );
    expect(told).toContain('service.log: plain, of "told"');
    expect(told).not.toContain(password);
  });
});

describe('the sweep over a server', () => {
  let run: TestRun;
  let stop: () => Promise<void>;
  const DATABASE = 'purser_swept';

  beforeAll(async () => {
    // A separate server, because planted passwords stay in its write-ahead log.
    const dataDir = await mkdtemp(join(tmpdir(), 'purser-sweep-'));
    const logFolder = await mkdtemp(join(tmpdir(), 'purser-sweep-'));
    const server = await startEmbeddedPostgres({ dataDir, logger: SILENT });
    stop = async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
      await rm(logFolder, { recursive: true, force: true });
    };
    const { connectionString } = server;
    await withClient(connectionString, (client) => client.query(`create database ${DATABASE}`));
    await migrate(databaseUrl(connectionString, DATABASE));
    run = { connectionString, databases: [DATABASE], dataDir, logFolder };
  });
  afterAll(() => stop());

  const inDatabase = <Result>(use: (client: pg.Client) => Promise<Result>): Promise<Result> =>
    withClient(databaseUrl(run.connectionString, DATABASE), use);

  // Runs first: passwords that other tests plant cannot be removed from the write-ahead log.
  it('finds nothing if nothing was leaked, and has searched everything', async () => {
    const { findings, bytes } = await sweep(run);
    expect(findings).toEqual([]);
    expect(bytes).toBeGreaterThan(20_000_000);
  });

  it.each([
    ['a text', 'text', (password: string) => password],
    ['a long text, which is stored compressed', 'text', (password: string) => password + ' '.repeat(100_000)],
    ['a jsonb', 'jsonb', (password: string) => JSON.stringify({ deep: [{ password }] })],
    ['a bytea', 'bytea', (password: string) => Buffer.from(password)],
    ['a bytea with base64', 'bytea', (password: string) => base64(`x${password}`)],
    ['an array', 'text[]', (password: string) => ['other', password]],
  ])('finds a password in %s of a row', async (_, type, value) => {
    await inDatabase(async (client) => {
      await client.query(`create table public.leak (id int, leaked ${type})`);
      try {
        await client.query('insert into public.leak values (1, null), (2, $1)', [value(canary('row'))]);
        expect((await sweepDatabase(databaseUrl(run.connectionString, DATABASE), DATABASE)).findings).toMatchObject([
          { place: `${DATABASE} public.leak` },
        ]);
      } finally {
        await client.query('drop table public.leak');
      }
    });
  });

  // JSON cannot hold the bytes of UTF-16.
  it.each(Object.entries(WRITTEN).filter(([name]) => !name.startsWith('UTF-16')))(
    'finds a password in an event’s payload as %s',
    async (_, write) => {
      const data = JSON.stringify({ registryId: randomUUID(), note: write(canary('event')).toString('latin1') });
      await inDatabase(async (client) => {
        await client.query('begin');
        await client.query(
          `alter table log.events disable trigger append_only; grant delete on log.events to current_user`,
        );
        await client.query(
          `insert into log.events (position, occurred_at, event_id, revision, schema_version, stream, type, data, metadata)
         values (1, now(), $1, 0, 1, 'registry-x', 'RegistryCreated', $2, '{}')`,
          [randomUUID(), data],
        );
        await client.query('commit');
        try {
          const { findings } = await sweepDatabase(databaseUrl(run.connectionString, DATABASE), DATABASE);
          expect(findings).toMatchObject([{ place: `${DATABASE} log.events` }]);
        } finally {
          await client.query('delete from log.events');
        }
      });
    },
  );

  it('finds a password in the files of a table, and in the write-ahead log when the table is gone', async () => {
    await inDatabase(async (client) => {
      await client.query('create table public.leak (leaked text)');
      await client.query('insert into public.leak values ($1)', [canary('gone')]);
      expect(await places()).toContainEqual(expect.stringMatching(/^postgres\/base\//));
      await client.query('drop table public.leak');
    });
    const found = await places();
    expect(found).toContainEqual(expect.stringMatching(/^postgres\/pg_wal\//));
    expect(found.filter((place) => place.startsWith(DATABASE))).toEqual([]);
  });

  async function places(): Promise<string[]> {
    return (await sweep(run)).findings.map(({ place }) => place);
  }
});
