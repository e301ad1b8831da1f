import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeDatabase } from '../../../scripts/database-schema.ts';
import { migrate } from '../../../src/adapters/postgres/migrate.ts';
import { readMigrations } from '../../../src/adapters/postgres/migration-files.ts';
import { startMigrating } from '../../support/migrating-child.ts';
import { createEmptyDatabase, createTestDatabase } from '../../support/postgres.ts';
import { numbered, rounds } from '../../support/rounds.ts';
import { withClient } from '../../support/server-databases.ts';
import { within } from '../../support/within.ts';

const ROUNDS = numbered(rounds({ usual: 3, torture: 20 }));
/** The statements before which a process is stopped: each third, or each. */
const STEP = Math.ceil(3 / rounds({ usual: 1, torture: 3 }));
const PROCESSES = 5;
/** About as long as five processes take at once, from their start on. */
const MOMENT_MS = 1_500;
/** Longer than the server lets a transaction stand still. */
const HANGS_AFTER_MS = 25_000;

let complete: string;
let names: string[];
beforeAll(async () => {
  complete = await describeDatabase((await createTestDatabase()).connectionString);
  names = (await readMigrations()).map(({ name }) => name);
});

/** Fails if one is missing, or was applied twice. */
async function expectComplete(database: string): Promise<void> {
  expect(await describeDatabase(database)).toBe(complete);
  const { rows } = await withClient(database, (client) =>
    client.query('select name from purser.schema_migrations order by version'),
  );
  expect(rows.map(({ name }) => name)).toEqual(names);
}

describe(`${PROCESSES} processes that migrate an empty database at once`, () => {
  it.each(ROUNDS)(
    'end with one complete schema, although some are killed at any moment and start again (round %i)',
    async () => {
      const database = await createEmptyDatabase();
      const children = numbered(PROCESSES).map(() => startMigrating(database));
      const restarted = children.slice(0, 1 + Math.floor(Math.random() * PROCESSES)).map(async (child) => {
        await delay(Math.random() * MOMENT_MS);
        child.process.kill('SIGKILL');
        await child.migrated;
        return startMigrating(database);
      });
      children.push(...(await Promise.all(restarted)));
      const outcomes = await within(HANGS_AFTER_MS, Promise.all(children.map(({ migrated }) => migrated)));
      // Nobody applies what another one has applied. What is applied by a process that was killed then, nobody tells.
      const applied = outcomes.flatMap((outcome) => outcome?.applied ?? []);
      expect(new Set(applied).size).toBe(applied.length);
      await expectComplete(database);
    },
    60_000,
  );
});

describe('a process that migrates', () => {
  let folder: string;
  let statements: number;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'migrations-'));
    await writeFile(join(folder, '0001_first.sql'), 'create table a (x int); insert into a values (1);');
    await writeFile(join(folder, '0002_second.sql'), 'alter table a add column y int; update a set y = 2;');
    const whole = startMigrating(await createEmptyDatabase(), { folder });
    statements = (await whole.migrated)?.sent ?? 0;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'and gets %s before any of its statements leaves no half migration, and holds nobody up',
    async (signal) => {
      expect(statements).toBeGreaterThan(20);
      const tried = numbered(statements).filter((before) => before % STEP === 0);
      await Promise.all(
        tried.map(async (before) => {
          const database = await createEmptyDatabase();
          const stopped = startMigrating(database, { folder, before, signal });
          try {
            await stopped.reached;
            await within(HANGS_AFTER_MS, migrate(database, folder));
          } finally {
            stopped.process.kill('SIGKILL');
          }
          const { rows } = await withClient(database, (client) => client.query('select x, y from a'));
          expect(rows, `before statement ${before}`).toEqual([{ x: 1, y: 2 }]);
        }),
      );
    },
    120_000,
  );
});
