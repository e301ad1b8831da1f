import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOutcomeUnknown, isUnavailable } from '../../../src/adapters/postgres/availability.ts';
import { type Logger, SILENT } from '../../../src/adapters/postgres/logger.ts';
import { createPool } from '../../../src/adapters/postgres/pool.ts';
import { instantOf } from '../../../src/adapters/postgres/type-parsers.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

let database: TestDatabase;
let pool: Pool;
const warnings: string[] = [];
const logger: Logger = { ...SILENT, warn: (_details, message) => warnings.push(message) };

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({ connectionString: database.connectionString, name: 'pool test', max: 3, logger });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('values from the pool', () => {
  it('are bigint for int8, and ISO text in UTC with milliseconds for instants', async () => {
    const { rows } = await pool.query(`
      select 9007199254740993 as big, 1.10::numeric as num, '2026-02-03'::date as day,
             '2026-02-03 04:05:06+00'::timestamptz as whole, '2026-02-03 04:05:06.78+02'::timestamptz as fraction`);
    expect(rows).toEqual([
      {
        big: 9007199254740993n,
        num: '1.10',
        day: '2026-02-03',
        whole: '2026-02-03T04:05:06.000Z',
        fraction: '2026-02-03T02:05:06.780Z',
      },
    ]);
  });

  it('keep instants right in a session of another time zone', () => {
    expect(instantOf('2026-02-03 04:05:06.789123+05:30')).toBe('2026-02-02T22:35:06.789Z');
  });
});

describe('a pool whose connections break', () => {
  it('survives the end of idle and busy connections, reports it, and answers again', async () => {
    await pool.query('select 1');
    const busy = failure(pool.query('select pg_sleep(20)'));
    const killed = async () => {
      const { rows } = await pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and query like 'select pg_sleep%'`,
      );
      return rows.length;
    };
    await expect.poll(killed).toBeGreaterThan(0);
    const error = await busy;
    expect(isUnavailable(error)).toBe(true);
    expect(isOutcomeUnknown(error)).toBe(true);

    const idle = await pool.connect();
    idle.release();
    const { rows } = await pool.query('select pg_backend_pid() as pid');
    const other = createPool({ connectionString: database.connectionString, name: 'killer', max: 1, logger: SILENT });
    await other.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await other.end();
    await expect.poll(() => warnings).toContain('a connection to Postgres broke');
    await expect.poll(() => failure(pool.query('select 1'))).toBeUndefined();
  });

  it('leaves a connection that breaks inside a transaction to its user, without ending the process', async () => {
    const client = await pool.connect();
    await client.query('begin');
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await expect.poll(() => failure(client.query('select 1'))).toSatisfy(isUnavailable);
    client.release(true);
  });
});

describe('the distinction between outages and faults', () => {
  it('treats a refused connection and an unknown socket as an outage', async () => {
    for (const connectionString of ['postgresql://a:b@127.0.0.1:1/x', 'postgresql://a:b@/x?host=/nonexistent']) {
      const broken = createPool({ connectionString, name: 'nobody there', max: 1, logger: SILENT });
      expect(isUnavailable(await failure(broken.query('select 1')))).toBe(true);
      await broken.end();
    }
  });

  it('treats a statement that ran too long as an outage with a known outcome', async () => {
    const { connectionString } = database;
    const hasty = createPool({ connectionString, name: 'hasty', max: 1, logger: SILENT, statementTimeoutMs: 50 });
    const error = await failure(hasty.query('select pg_sleep(10)'));
    expect(isUnavailable(error)).toBe(true);
    expect(isOutcomeUnknown(error)).toBe(false);
    await hasty.end();
  });

  it('treats bad data, bad statements and bugs as faults', async () => {
    for (const sql of ['select 1 / 0', 'selec', 'select * from nowhere', `select '\\u0000'::jsonb`]) {
      expect(isUnavailable(await failure(pool.query(sql)))).toBe(false);
    }
    expect(isUnavailable(new TypeError('x is not a function'))).toBe(false);
  });
});
