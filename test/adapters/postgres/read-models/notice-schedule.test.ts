import type { Client } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { createNoticeSchedule, DUE, MISSING } from '../../../../src/adapters/postgres/read-models/notice-schedule.ts';
import { createSharedClock } from '../../../../src/adapters/postgres/shared-clock.ts';
import type { NoticeSchedule } from '../../../../src/application/ports/notice-schedule.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';
import { projectorClient } from '../../../support/read-models.ts';

const REGISTRIES = 20_000;
const NOW = Date.parse('2026-06-01T00:00:00.000Z');
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await use(async (client) => {
    // Three are due, five lack their secret, of one of which people were told.
    await client.query(
      `insert into read_models.registries
         (id, project_id, phase, revision, last_version, credential_version, secret_missing, told, next_notice_at)
       select gen_random_uuid(), 'demo', 'live', 0, 1, 1, n <= 5,
              case when n = 1 then '{"missing": 1}' else '{"missing": null}' end::jsonb,
              timestamptz '2026-06-01' + (n - 3) * interval '1 hour'
         from generate_series(1, ${REGISTRIES}) n`,
    );
    await client.query('analyze read_models.registries');
  });
});

async function use<Result>(task: (client: Client, schedule: NoticeSchedule) => Promise<Result>): Promise<Result> {
  const client = await projectorClient(database.connectionString);
  try {
    return await task(client, createNoticeSchedule(client));
  } finally {
    await client.end();
  }
}

describe('the schedule of notices', () => {
  it('tells what is due, earliest first and page by page', async () => {
    const due = await use((_client, schedule) => schedule.due(NOW, undefined, 100));
    expect(due.map(({ dueAt }) => dueAt)).toEqual([
      '2026-05-31T22:00:00.000Z',
      '2026-05-31T23:00:00.000Z',
      '2026-06-01T00:00:00.000Z',
    ]);
    const pages = await use(async (_client, schedule) => {
      const first = await schedule.due(NOW, undefined, 2);
      return [...first, ...(await schedule.due(NOW, first.at(-1), 2))];
    });
    expect(pages).toEqual(due);
  });

  it('tells whose secret is missing, until people were told', async () => {
    const missing = await use((_client, schedule) => schedule.missing(undefined, 100));
    expect(missing).toHaveLength(4);
    expect(await use((_client, schedule) => schedule.missing(missing[1], 100))).toEqual(missing.slice(2));
  });

  it("has the database's time", async () => {
    const [apart] = await use(async (client) => {
      const { rows } = await client.query<{ now: string }>('select clock_timestamp() as now');
      return [Date.parse(rows[0]?.now ?? '') - (await createSharedClock(client)())];
    });
    expect(Math.abs(apart ?? Number.NaN)).toBeLessThan(5_000);
  });

  it.each([
    ['due', DUE, [new Date(NOW).toISOString(), '-infinity', FIRST_ID, 100]],
    ['missing', MISSING, [FIRST_ID, 100]],
  ])(`reads no more than a few pages of ${REGISTRIES} registries to tell what is %s`, async (_which, text, values) => {
    const [plan] = await use(async (client) => {
      const { rows } = await client.query({ text: `explain (analyze, buffers, format json) ${text}`, values });
      return rows[0]['QUERY PLAN'];
    });
    expect(JSON.stringify(plan)).not.toContain('Seq Scan');
    expect(plan.Plan['Shared Hit Blocks'] + plan.Plan['Shared Read Blocks']).toBeLessThan(30);
  });
});
