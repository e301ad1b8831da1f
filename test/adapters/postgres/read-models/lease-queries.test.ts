import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createLeaseQueries } from '../../../../src/adapters/postgres/read-models/lease-queries.ts';
import type { Queryable, Statement } from '../../../../src/adapters/postgres/statement.ts';
import type { LeaseCursor, LeaseFilter, LeaseQueries } from '../../../../src/application/ports/read-models.ts';
import type { LeaseInUse } from '../../../../src/domain/errors.ts';
import { createTestDatabase } from '../../../support/postgres.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const ALL: LeaseFilter = { activeOnly: false };
const REGISTRY = randomUUID();

let database: pg.Client;
let reads: ReadConnections;
let leases: LeaseQueries;
const statements: Statement[] = [];
beforeAll(async () => {
  const { connectionString } = await createTestDatabase();
  database = new pg.Client({ connectionString });
  await database.connect();
  // 40,000 leases of `demo`, ten a minute until now: three quarters of them are of another registry. An hour each.
  await database.query(
    `insert into read_models.leases
       (id, project_id, registry_id, url, image, credential_version, pipeline, run_id, purpose, issued_to, issued_at,
        expires_at, released_at)
     select gen_random_uuid(), 'demo', case when n % 4 = 1 then $1::uuid else $2::uuid end, 'ghcr.io', 'ghcr.io/app', 1,
       'pipeline-' || n % 50, 'run-' || n / 5, 'PULL', 'ci', at, at + interval '1 hour',
       case when n % 2 = 0 then at + interval '1 minute' end
     from (select n, $3::timestamptz - (n / 10) * interval '1 minute' as at from generate_series(0, 39999) n) issued`,
    [REGISTRY, randomUUID(), new Date(NOW).toISOString()],
  );
  await database.query(
    `insert into read_models.leases
     select gen_random_uuid(), 'project-' || n % 20, gen_random_uuid(), url, image, credential_version, pipeline, run_id,
       purpose, issued_to, issued_at, issued_at + interval '1 day', null
     from (select l.*, row_number() over () as n from read_models.leases l) others`,
  );
  // In one project all have ended.
  await database.query(
    `insert into read_models.leases
     select gen_random_uuid(), 'quiet', registry_id, url, image, credential_version, pipeline, run_id, purpose, issued_to,
       issued_at, issued_at + interval '1 day', issued_at
     from read_models.leases where project_id = 'demo' limit 10000`,
  );
  await database.query('analyze read_models.leases');
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  const recording: Queryable = {
    query(statement) {
      statements.push(statement);
      return reads.query(statement);
    },
  };
  leases = createLeaseQueries(recording, () => NOW);
});
afterAll(async () => {
  await reads.close();
  await database.end();
});

async function pages(filter: LeaseFilter, first: number): Promise<string[]> {
  const ids: string[] = [];
  let after: LeaseCursor | undefined;
  for (;;) {
    const page = await leases.list('demo', { filter, first, after });
    ids.push(...page.items.map(({ node }) => node.id));
    if (!page.hasNextPage) return ids;
    after = page.end;
  }
}

describe('the list of leases', () => {
  it.each<LeaseFilter>([
    { activeOnly: true },
    { activeOnly: true, registryId: REGISTRY },
    { activeOnly: false, pipeline: 'pipeline-7' },
    { activeOnly: false, runId: 'run-12' },
    { activeOnly: true, registryId: REGISTRY, pipeline: 'pipeline-9', runId: 'run-1' },
  ])('has each lease once, over all pages, for %j', async (filter) => {
    const whole = await pages(filter, 100_000);
    expect(await pages(filter, 7)).toEqual(whole);
    expect(new Set(whole).size).toBe(whole.length);
    expect(await leases.count('demo', filter)).toEqual({ count: whole.length, isExact: true });
  });

  it('is newest first, and has what a lease was asked for', async () => {
    const { items } = await leases.list('demo', { filter: ALL, first: 50, after: undefined });
    const page = items.map(({ node }) => node);
    const times = page.map(({ issuedAt }) => issuedAt);
    expect(times).toEqual(times.toSorted().toReversed());
    expect(page[0]).toMatchObject({ url: 'ghcr.io', image: 'ghcr.io/app', issuedAt: '2026-03-01T12:00:00.000Z' });
  });

  it('holds active leases only, unless it is asked for all', async () => {
    // Of the last 60 minutes, 10 a minute, those that were not released.
    expect(await leases.count('demo', { activeOnly: true })).toEqual({ count: 300, isExact: true });
    // More are not counted.
    expect(await leases.count('demo', ALL)).toEqual({ count: 10_000, isExact: false });
    expect(await leases.count('other', ALL)).toEqual({ count: 0, isExact: true });
  });
});

describe('the active leases of a registry', () => {
  const of = { firstVersion: 1, except: [] };

  it('are each in one page, those that end last first', async () => {
    const pages: LeaseInUse[][] = [];
    for (;;) {
      const page = await leases.listActive(REGISTRY, { ...of, after: pages.at(-1)?.at(-1), limit: 7 });
      if (page.length === 0) break;
      pages.push(page);
    }
    const listed = pages.flat();
    const whole = await leases.listActive(REGISTRY, { ...of, limit: 100_000 });
    expect(listed).toEqual(whole);
    expect(new Set(listed.map(({ id }) => id)).size).toBe(await leases.countActive(REGISTRY, of));
    const ends = listed.map(({ expiresAt }) => expiresAt);
    expect(ends).toEqual(ends.toSorted().toReversed());
    const last = await leases.lastToEnd('demo', REGISTRY, 10);
    expect(last.map(({ id }) => id)).toEqual(whole.slice(0, 10).map(({ id }) => id));
  });

  it('are counted by version, without those that the caller knows better', async () => {
    const [one, two] = await leases.listActive(REGISTRY, { ...of, limit: 2 });
    const count = await leases.countActive(REGISTRY, of);
    expect(count).toBe(150);
    expect(await leases.countByVersion(REGISTRY, of)).toEqual(new Map([[1, count]]));
    const except = [one?.id ?? '', two?.id ?? ''];
    expect(await leases.countByVersion(REGISTRY, { ...of, except })).toEqual(new Map([[1, count - 2]]));
    expect(await leases.countByVersion(REGISTRY, { ...of, firstVersion: 2 })).toEqual(new Map());
  });
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

/** What the last statement reads, with the values that it had. */
async function planOfLast(): Promise<{ readonly indexes: string[]; readonly read: number }> {
  const { text, values } = statements.at(-1) ?? { text: '', values: [] };
  const { rows } = await database.query({
    name: `explained-${randomUUID()}`,
    text: `explain (analyze, format json) ${text}`,
    values: [...values],
  });
  const nodes = flat(rows[0]['QUERY PLAN'][0].Plan);
  const scans = nodes.filter((node) => node['Node Type'].includes('Scan'));
  expect(scans).not.toContainEqual(expect.objectContaining({ 'Node Type': 'Seq Scan', 'Relation Name': 'leases' }));
  return {
    indexes: nodes.flatMap((node) => node['Index Name'] ?? []),
    read: Math.max(
      ...scans.map((node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']),
    ),
  };
}

function flat(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(flat)];
}

describe('a page of leases', () => {
  const after = { issuedAt: new Date(NOW - 30 * 60_000).toISOString(), id: randomUUID() };

  it.each<[string, LeaseFilter, number]>([
    ['leases_by_project', ALL, 30],
    ['leases_by_registry', { ...ALL, registryId: REGISTRY }, 30],
    ['leases_by_pipeline', { ...ALL, pipeline: 'pipeline-7' }, 30],
    ['leases_by_run', { ...ALL, runId: 'run-12' }, 30],
    ['leases_by_project', { activeOnly: true }, 100],
    // Few of the last ones of a pipeline are active.
    ['leases_active_of_project', { activeOnly: true, pipeline: 'pipeline-7' }, 310],
  ])('reads few rows, by %s, for %j', async (index, filter, atMost) => {
    for (const cursor of [undefined, after]) {
      await leases.list('demo', { filter, first: 20, after: cursor });
      const plan = await planOfLast();
      expect(plan.indexes).toContain(index);
      expect(plan.read).toBeLessThanOrEqual(atMost);
    }
  });

  it('of those that end last, and of those to revoke, is read from the end', async () => {
    await leases.lastToEnd('demo', REGISTRY, 100);
    expect((await planOfLast()).read).toBeLessThanOrEqual(320);
    const of = { firstVersion: 1, except: [] };
    await leases.listActive(REGISTRY, { ...of, limit: 20 });
    expect(await planOfLast()).toMatchObject({ indexes: ['leases_active'] });
    expect((await planOfLast()).read).toBeLessThanOrEqual(25);
    const after = (await leases.listActive(REGISTRY, { ...of, limit: 50 })).at(-1);
    await leases.listActive(REGISTRY, { ...of, after, limit: 20 });
    expect(await planOfLast()).toMatchObject({ indexes: ['leases_active'] });
  });

  it('of leases that are active costs no more the more have ended', async () => {
    for (const filter of [{}, { registryId: REGISTRY }, { pipeline: 'pipeline-7' }, { runId: 'run-1' }]) {
      await leases.list('quiet', { filter: { ...filter, activeOnly: true }, first: 20, after: undefined });
      expect((await planOfLast()).read).toBeLessThanOrEqual(320);
      await leases.count('quiet', { ...filter, activeOnly: true });
      expect((await planOfLast()).read).toBeLessThanOrEqual(320);
    }
  });
});
