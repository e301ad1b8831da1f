import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { migrate, SchemaMismatch } from '../../../src/adapters/postgres/migrate.ts';
import { databaseUrl, withClient } from '../../support/server-databases.ts';
import { until } from '../../support/until.ts';
import { within } from '../../support/within.ts';

let folder: string;
let database: string;
let made = 0;
const NOTHING_TO_DO = { applied: [], newer: [] };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  const { connectionString, prefix } = inject('testServer');
  made += 1;
  const name = `${prefix}migrate_${process.pid}_${made}`;
  await withClient(connectionString, (client) => client.query(`create database ${name}`));
  database = databaseUrl(connectionString, name);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function write(name: string, sql: string): Promise<void> {
  return writeFile(join(folder, name), sql);
}

async function rows(sql: string): Promise<unknown[]> {
  return withClient(database, async (client) => (await client.query(sql)).rows);
}

describe('migrate', () => {
  it('applies the files in order, once', async () => {
    await write('0001_first.sql', 'create table a (x int);');
    await write('0002_second.sql', 'insert into a values (1); insert into a values (2);');
    expect(await migrate(database, folder)).toEqual({ applied: ['0001_first.sql', '0002_second.sql'], newer: [] });
    expect(await migrate(database, folder)).toEqual(NOTHING_TO_DO);
    expect(await rows('select x from a order by x')).toEqual([{ x: 1 }, { x: 2 }]);
  });

  it('lets one of many racing processes migrate while the others wait and find nothing to do', async () => {
    await write('0001_first.sql', 'create table a (x int); select pg_sleep(0.2); insert into a values (1);');
    const applied = await Promise.all(Array.from({ length: 8 }, () => migrate(database, folder)));
    expect(applied.flatMap((each) => each.applied)).toEqual(['0001_first.sql']);
    expect(await rows('select x from a')).toEqual([{ x: 1 }]);
  });

  it('rolls a failing file back completely and keeps those before it', async () => {
    await write('0001_first.sql', 'create table a (x int);');
    await write('0002_broken.sql', 'insert into a values (1); select 1 / 0;');
    await expect(migrate(database, folder)).rejects.toThrow('0002_broken.sql failed');
    expect(await rows('select x from a')).toEqual([]);
    expect(await rows('select version from purser.schema_migrations')).toEqual([{ version: 1 }]);
  });

  it('refuses a file that was changed after it was applied', async () => {
    await write('0001_first.sql', 'create table a (x int);');
    await migrate(database, folder);
    await write('0001_first.sql', 'create table a (x bigint);');
    const refused = migrate(database, folder);
    await expect(refused).rejects.toThrow(SchemaMismatch);
    await expect(refused).rejects.toThrow(/restore it and put .* another build made this database/);
  });

  it('ignores changed line ends', async () => {
    await write('0001_first.sql', 'create table a (x int);\n');
    await migrate(database, folder);
    await write('0001_first.sql', 'create table a (x int);\r\n');
    expect(await migrate(database, folder)).toEqual(NOTHING_TO_DO);
  });

  it('refuses a database that a newer build has migrated', async () => {
    await write('0001_first.sql', 'create table a (x int);');
    await write('0002_newer.sql', 'create table b (x int);');
    await migrate(database, folder);
    await rm(join(folder, '0002_newer.sql'));
    await expect(migrate(database, folder)).rejects.toThrow(/newer Purser has migrated this database.*up to number 1/);
  });

  it('accepts what a newer build has migrated in a way that this one works with, and names it', async () => {
    await write('0001_first.sql', 'create table a (x int);');
    await write('0002_second.sql', 'create table b (x int);');
    await write('0003_newer.sql', '-- compatible since: 0002\nalter table a add column y int;');
    await migrate(database, folder);
    await rm(join(folder, '0003_newer.sql'));
    expect(await migrate(database, folder)).toEqual({ applied: [], newer: ['0003_newer.sql'] });
    await rm(join(folder, '0002_second.sql'));
    await expect(migrate(database, folder)).rejects.toThrow(
      'A newer Purser has migrated this database (0002_second.sql)',
    );
  });

  it('refuses a breaking migration of a newer build also if a later one breaks nothing', async () => {
    await write('0001_first.sql', 'create table a (x int);');
    await write('0002_breaking.sql', 'alter table a rename x to y;');
    await write('0003_newer.sql', '-- compatible since: 0002\ncreate table b (x int);');
    await migrate(database, folder);
    await rm(join(folder, '0002_breaking.sql'));
    await rm(join(folder, '0003_newer.sql'));
    await expect(migrate(database, folder)).rejects.toThrow('(0002_breaking.sql)');
  });

  it.each(['0000', '0002'])('refuses a file 0001 that says it is compatible since %s', async (since) => {
    await write('0001_first.sql', `-- compatible since: ${since}\ncreate table a (x int);`);
    await expect(migrate(database, folder)).rejects.toThrow('which is not 1 to its own number');
  });

  it('lets running replicas go on while it waits for a table that another session holds', async () => {
    await write('0001_first.sql', 'create table a (x int);');
    await migrate(database, folder);
    await write('0002_second.sql', 'alter table a add column y int;');
    await withClient(database, async (dump) => {
      await dump.query('begin');
      await dump.query('select from a');
      const migrating = migrate(database, folder);
      await until(
        async () => (await rows(`select from pg_locks where relation = 'a'::regclass and not granted`)).length > 0,
      );
      // Behind a migration that waits without end this would wait as long.
      expect(await within(20_000, rows('select x from a'))).toEqual([]);
      await dump.query('commit');
      expect(await migrating).toEqual({ applied: ['0002_second.sql'], newer: [] });
    });
  });

  it('refuses a new file with a lower number than an applied one', async () => {
    await write('0002_second.sql', 'create table b (x int);');
    await migrate(database, folder);
    await write('0001_first.sql', 'create table a (x int);');
    await expect(migrate(database, folder)).rejects.toThrow('0001_first.sql was never applied');
  });

  it('refuses a file without a number in its name', async () => {
    await write('first.sql', 'create table a (x int);');
    await expect(migrate(database, folder)).rejects.toThrow('not named like a migration');
  });
});
