import { afterAll, beforeAll, expect, it } from 'vitest';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createCalendarQueries } from '../../../../src/adapters/postgres/read-models/calendar-queries.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { planOf, remembering } from '../../../support/query-plans.ts';
import { withClient } from '../../../support/server-databases.ts';

/** A large project, most of whose registries have a date a minute, of one kind or the other; and many of its feeds. */
const MANY = `
  insert into read_models.registries
    (id, project_id, phase, revision, changed_at, last_version, name, url, expires_at, rotation_due_at)
  select gen_random_uuid(), 'large', case when n % 10 = 0 then 'deleted' else 'live' end, n, now(), 1, 'r' || n, 'r' || n,
      case when n % 2 = 1 then timestamptz '2040-01-01' + n * interval '1 minute' end,
      case when n % 3 = 1 then timestamptz '2040-01-01' + n * interval '1 minute' end
    from generate_series(1, 20000) n;
  insert into read_models.calendar_feeds (id, project_id, name, created_at, created_by, expires_at)
  select gen_random_uuid(), 'p' || n % 500, 'feed', timestamptz '2026-01-01' + n * interval '1 second', 'ada',
      case when n % 2 = 0 then timestamptz '2026-02-01' else timestamptz '2040-01-01' end
    from generate_series(1, 20000) n;
  analyze read_models.registries, read_models.calendar_feeds`;

let reads: ReadConnections;
beforeAll(async () => {
  const { connectionString } = await createTestDatabase();
  await withClient(connectionString, (client) => client.query(MANY));
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
});
afterAll(() => reads.close());

it('gives the dates that come first, of live registries, and reads no others', async () => {
  const asked = remembering(reads);
  const entries = await createCalendarQueries(asked).entries('large', 5);
  expect(entries.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
    expect.arrayContaining(['EXPIRY r1', 'ROTATION r1', 'EXPIRY r3', 'ROTATION r4', 'EXPIRY r5']),
  );
  expect(entries).toHaveLength(5);
  expect(entries.map(({ dueAt }) => dueAt)).toEqual(entries.map(({ dueAt }) => dueAt).toSorted());
  expect(entries[0]).toMatchObject({ revision: 1, url: 'r1', dueAt: '2040-01-01T00:01:00.000Z' });
  expect(await createCalendarQueries(reads).entries('other', 5)).toEqual([]);

  const plan = await planOf(reads, asked.statements[0] ?? fail());
  expect(plan.indexes.toSorted()).toEqual(['registries_by_expiry', 'registries_by_rotation']);
  expect(plan.readsTable).toBe(false);
  expect(plan.rows).toBeLessThanOrEqual(10);
});

it('lists the feeds of a project that have not expired, newest first, by their index', async () => {
  const asked = remembering(reads);
  const feeds = await createCalendarQueries(asked).feeds('p7', '2026-03-01T00:00:00.000Z');
  expect(feeds).toHaveLength(40);
  expect(feeds.map(({ createdAt }) => createdAt)).toEqual(
    feeds
      .map(({ createdAt }) => createdAt)
      .toSorted()
      .toReversed(),
  );
  expect(await createCalendarQueries(reads).feeds('p8', '2026-03-01T00:00:00.000Z')).toEqual([]);
  const plan = await planOf(reads, asked.statements[0] ?? fail());
  expect(plan).toMatchObject({ indexes: ['calendar_feeds_by_project'], readsTable: false, rows: 40 });
});

function fail(): never {
  throw new Error('nothing was asked');
}
