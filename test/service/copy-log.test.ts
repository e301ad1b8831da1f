import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fill } from '../support/filled-log.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { type ProtocolDouble, startProtocolDouble } from '../support/protocol-double/start.ts';
import { startPurser } from '../support/purser.ts';
import { differingTables, digestsOfReadModels } from '../support/read-models.ts';
import { rounds } from '../support/rounds.ts';
import { withClient } from '../support/server-databases.ts';
import { createTestIssuer } from '../support/tokens.ts';

const PROGRAM = join(import.meta.dirname, '../../dist/bin/purser.js');
const EVENTS = rounds({ usual: 2_000, torture: 3_000 });

let folder: string;
let double: ProtocolDouble;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-copy-log-'));
  double = await startProtocolDouble();
});
afterAll(async () => {
  await double.close();
  await rm(folder, { recursive: true, force: true });
});

type Environment = Readonly<Record<string, string>>;

/** A database of which only this file knows, with the same key file as all others. */
async function aDatabase(): Promise<Environment> {
  const { connectionString } = await createTestDatabase();
  return {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: connectionString,
    PURSER_DATA_DIR: folder,
    JWT_ISSUERS: createTestIssuer().jwtIssuers,
    LOG_LEVEL: 'error',
  };
}

/** What a restore of the vault into another database comes to; its log and read models are empty. */
async function withVaultOf(environment: Environment): Promise<Environment> {
  const other = await aDatabase();
  const tables = ['vault.key_checks', 'vault.event_keys', 'vault.audit_keys'];
  for (const table of tables) {
    const rows = await sql<{ rows: unknown }>(environment, `select json_agg(t) as rows from ${table} t`);
    await sql(other, `insert into ${table} select * from json_populate_recordset(null::${table}, $1)`, [
      JSON.stringify(rows[0]?.rows ?? []),
    ]);
  }
  return other;
}

async function sql<Row extends object>({ DATABASE_URL = '' }: Environment, text: string, values: unknown[] = []) {
  return withClient(DATABASE_URL, async (client) => (await client.query<Row>(text, values)).rows);
}

/** Somebody who owns the tables. */
async function tamper(environment: Environment, statement: string): Promise<void> {
  await sql(
    environment,
    `alter table log.events disable trigger append_only; grant update on log.events to current_user; ${statement};
     revoke update on log.events from current_user; alter table log.events enable always trigger append_only`,
  );
}

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  environment: Environment,
  ...argv: string[]
): { readonly child: ChildProcess; readonly ended: Promise<Run> } {
  const child = spawn(process.execPath, [PROGRAM, 'copy-log', ...argv], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[code], stdout, stderr]): Run => ({ code, stdout, stderr }),
  );
  return { child, ended };
}

const copyLog = (environment: Environment, ...argv: string[]): Promise<Run> => start(environment, ...argv).ended;

/** Kills the command hard each time it has added so many events more. */
async function killedAt(
  counts: readonly number[],
  counted: () => Promise<number>,
  begin: () => ReturnType<typeof start>,
) {
  for (const count of counts) {
    const { child, ended } = begin();
    await expect.poll(counted, { timeout: 60_000, interval: 20 }).toBeGreaterThan(count);
    child.kill('SIGKILL');
    await ended;
  }
}

/** All tables that queries read. The checkpoint holds a position, which is another one in another store. */
async function readModels({ DATABASE_URL = '' }: Environment): Promise<Record<string, string>> {
  const { checkpoint: _position, ...digests } = await digestsOfReadModels(DATABASE_URL);
  return digests;
}

const inDouble = async () => (await double.tell({ order: 'report' })).events;
const inPostgres = async (environment: Environment) =>
  (await sql<{ count: number }>(environment, 'select count(*)::int as count from log.events'))[0]?.count ?? 0;

describe('purser copy-log', () => {
  it(`moves ${EVENTS} events to KurrentDB and into another database, though it is killed again and again`, async () => {
    const [there, back] = [
      ['--from', 'postgres', '--to', double.url()],
      ['--from', double.url(), '--to', 'postgres'],
    ];
    const first = await aDatabase();
    await fill(first, EVENTS);
    const before = await readModels(first);

    await killedAt([EVENTS / 10, EVENTS / 2], inDouble, () => start(first, ...there));
    const moved = await copyLog(first, ...there);
    expect(moved.stderr).toMatch(/^((copied|compared) \d+ events.*\n)*$/);
    expect(moved).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+ events copied, [1-9]\d{2,} were there\n/),
    });
    expect(moved.stdout).toContain(`${EVENTS} events are the same in both, 0 of them not written by Purser`);
    expect(moved.stdout).toContain('1 audit chains have the same heads in read models built from kurrentdb:');
    expect(differingTables(before, await readModels(first))).toEqual([]);

    const second = await withVaultOf(first);
    await killedAt(
      [EVENTS / 5, EVENTS / 2],
      () => inPostgres(second),
      () => start(second, ...back),
    );
    const returned = await copyLog(second, ...back);
    expect(returned).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+ events copied, [1-9]\d{2,} were there\n/),
    });
    expect(await inPostgres(second)).toBe(EVENTS);
    expect(differingTables(before, await readModels(second))).toEqual([]);
    const events =
      'select stream, revision, event_id, type, data::text, metadata::text, occurred_at from log.events order by position';
    expect(await sql(second, events)).toEqual(await sql(first, events));
  }, 240_000);
});

describe('with few events, purser copy-log', () => {
  let target: ProtocolDouble;
  let there: string[];
  let database: Environment;
  beforeAll(async () => {
    target = await startProtocolDouble();
    there = ['--from', 'postgres', '--to', target.url()];
    database = await aDatabase();
    await fill(database, 50);
  });
  afterAll(() => target.close());

  it('refuses while a service runs, and says what to stop', async () => {
    const { DATABASE_URL: connectionString = '' } = database;
    const environment = { ...database, PORT: '0' };
    const service = await startPurser({ replicaOf: { connectionString, environment, token: () => '' } });
    try {
      const refused = await copyLog(database, ...there);
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toMatch(/^A service is running with this database \(.+ leads\)\. Stop every replica,/);
    } finally {
      await service.stop();
    }
  });

  it('moves them, after which the database belongs to KurrentDB', async () => {
    expect(await copyLog(database, ...there)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+ events copied, 0 were there/),
    });
    const again = await copyLog(database, ...there);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0 events copied/) });
    const rows = await sql<{ name: string; passed: string; at: string }>(
      database,
      `select s.name, h.position::text as passed, c.position::text as at
         from projection.event_store s, webhooks.head h, read_models.checkpoint c`,
    );
    expect(rows).toEqual([{ name: expect.stringMatching(/^kurrentdb:/), passed: rows[0]?.at, at: rows[0]?.at }]);
    await expect(
      startPurser({ replicaOf: { connectionString: '', environment: database, token: () => '' } }),
    ).rejects.toThrow(/^The events of this database are in kurrentdb:\w+, and EVENT_STORE_URL leads to postgres\./);
  });

  it('refuses a target that holds something else, and leaves the read models', async () => {
    const other = await withVaultOf(database);
    await fill(other, 20);
    const before = await readModels(other);
    const refused = await copyLog(other, ...there);
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('The target holds') });
    expect(differingTables(before, await readModels(other))).toEqual([]);
  });

  it('finds an event that was tampered with in the copy', async () => {
    const tampered = await withVaultOf(database);
    const back = ['--from', target.url(), '--to', 'postgres'];
    expect(await copyLog(tampered, ...back)).toMatchObject({ code: 0 });
    await tamper(
      tampered,
      `update log.events set data = replace(data::text, 'r3.example', 'r9.example')::json where position = 4`,
    );
    expect(await copyLog(tampered, ...back)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('the event RegistryCreated at revision 0 of registry-'),
    });
  });

  it('finds an event that was tampered with in the source, and leaves the read models', async () => {
    const [tampered, empty] = [await withVaultOf(database), await startProtocolDouble()];
    try {
      await fill(tampered, 20);
      const before = await readModels(tampered);
      await tamper(
        tampered,
        `update log.events set data = replace(data::text, 'r3.example', 'r9.example')::json where position = 4`,
      );
      const refused = await copyLog(tampered, '--from', 'postgres', '--to', empty.url());
      expect(refused).toMatchObject({ code: 1, stdout: '' });
      expect(refused.stderr).toContain('The events give another audit chain than the one recorded, for "demo"');
      expect(differingTables(before, await readModels(tampered))).toEqual([]);
    } finally {
      await empty.close();
    }
  });

  it.each([
    [[], 'Name Postgres by one of --from and --to'],
    [['--from', 'postgres', '--to', 'postgres://other.example/purser'], 'use purser backup and purser restore'],
    [['--from', 'postgres', '--to', 'kurrentdb://one?nope=1'], '--to has an option that cannot be used'],
    [['--from', 'kurrentdb', '--to', 'postgres'], 'EVENT_STORE_URL must be a URL such as kurrentdb://'],
  ])('refuses %j', async (argv, sentence) => {
    const refused = await copyLog(database, ...argv);
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(sentence) });
  });
});
