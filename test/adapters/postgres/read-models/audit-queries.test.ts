import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createAuditQueries } from '../../../../src/adapters/postgres/read-models/audit-queries.ts';
import type { Queryable, Statement } from '../../../../src/adapters/postgres/statement.ts';
import type { AuditFilter } from '../../../../src/application/ports/read-models.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { withClient } from '../../../support/server-databases.ts';

const ENTRIES = 40_000;
const LEASE = '00000000-0000-4000-8000-000000000007';

let connectionString: string;
let reads: ReadConnections;
beforeAll(async () => {
  ({ connectionString } = await createTestDatabase());
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  // An entry each minute, in two projects; every hundredth is a denial that counts three attempts.
  await withClient(connectionString, async (client) => {
    await client.query(`
      insert into read_models.audit_entries (project_id, sequence, format, event_id, occurred_at, action, outcome, code, actor,
        request_id, registry_id, pipeline, run_id, lease_id, changes, count, hash)
      select project, n, 1, gen_random_uuid(), timestamptz '2026-01-01Z' + n * interval '1 minute',
        'ISSUE_CREDENTIAL', case when n % 100 = 0 then 'DENIED' else 'SUCCEEDED' end, case when n % 100 = 0 then 'FORBIDDEN' end,
        'actor-' || n % 50, 'request-' || n, ('00000000-0000-4000-8000-' || lpad((n % 20)::text, 12, '0'))::uuid,
        'pipeline-' || n % 200, 'run-' || n / 4, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, '[]',
        case when n % 100 = 0 then 3 else 1 end, ''
      from generate_series(1, ${ENTRIES}) n, unnest(array['demo', 'other']) project`);
    await client.query('analyze read_models.audit_entries');
  });
});
afterAll(() => reads.close());

/** The plans of the statements that a query sends. */
async function plansOf(query: (database: Queryable) => Promise<unknown>): Promise<string> {
  const sent: Statement[] = [];
  const database: Queryable = {
    query(statement) {
      sent.push(statement);
      return reads.query(statement);
    },
  };
  await query(database);
  return withClient(connectionString, async (client) => {
    const plans = [];
    for (const { text, values } of sent) plans.push((await client.query(`explain (costs off) ${text}`, values)).rows);
    return JSON.stringify(plans);
  });
}

const page = { first: 20, after: undefined };
const sequencesOf = async (filter: AuditFilter) =>
  (await createAuditQueries(reads).list('demo', { filter, ...page })).items.map(({ node }) => node.sequence);

describe('a filter of the audit log', () => {
  it.each<[AuditFilter, string, number[]]>([
    [{ code: 'FORBIDDEN' }, 'audit_by_code', [40_000, 39_900]],
    [{ pipeline: 'pipeline-7' }, 'audit_by_pipeline', [39_807, 39_607]],
    [{ runId: 'run-100' }, 'audit_by_run', [403, 402, 401, 400]],
    [{ leaseId: LEASE.toUpperCase() }, 'audit_by_lease', [7]],
    [{ requestId: 'request-9' }, 'audit_by_request', [9]],
    [{ registryId: LEASE }, 'audit_by_registry', [39_987, 39_967]],
    [{ runId: 'run-100', pipeline: 'pipeline-1' }, 'audit_by_run', [401]],
  ])('%j is served by %s', async (filter, index, expected) => {
    expect((await sequencesOf(filter)).slice(0, expected.length)).toEqual(expected);
    const plan = await plansOf((database) => createAuditQueries(database).list('demo', { filter, ...page }));
    expect(plan).toContain(index);
    expect(plan).not.toMatch(/Seq Scan/);
  });

  it('names several actions, few of which there are', async () => {
    const actions = ['CREATE_REGISTRY', 'DELETE_REGISTRY'];
    expect(await sequencesOf({ actions })).toEqual(await sequencesOf({ action: 'DELETE_REGISTRY' }));
    const plan = await plansOf((database) =>
      createAuditQueries(database).list('demo', { filter: { actions }, ...page }),
    );
    expect(plan).toContain('audit_by_action');
    expect(plan).not.toMatch(/Seq Scan/);
    expect(await createAuditQueries(reads).count('demo', { actions: ['LINK_PIPELINE'] })).toEqual({
      count: 0,
      isExact: true,
    });
  });

  it('that is no id finds nothing', async () => {
    expect(await sequencesOf({ leaseId: 'x' })).toEqual([]);
    expect(await sequencesOf({ registryId: "' or true --" })).toEqual([]);
  });
});

describe('the histogram', () => {
  const span = { from: '2026-01-02T00:30:00.000Z', to: '2026-01-02T02:00:00.000Z', bucketMs: 3_600_000 };
  const first = Date.parse('2026-01-02T00:00:00.000Z');

  it('counts attempts by bucket and outcome, within its time', async () => {
    const counts = (await createAuditQueries(reads).histogram('demo', {}, span)) ?? [];
    expect(counts.toSorted((a, b) => a.start - b.start || a.outcome.localeCompare(b.outcome))).toEqual([
      { start: first, outcome: 'SUCCEEDED', count: 30 },
      { start: first + 3_600_000, outcome: 'DENIED', count: 3 },
      { start: first + 3_600_000, outcome: 'SUCCEEDED', count: 59 },
    ]);
  });

  it('counts what the filter leaves', async () => {
    const queries = createAuditQueries(reads);
    expect(await queries.histogram('demo', { code: 'FORBIDDEN' }, span)).toEqual([
      { start: first + 3_600_000, outcome: 'DENIED', count: 3 },
    ]);
    expect(await queries.histogram('demo', { leaseId: 'x' }, span)).toEqual([]);
    expect(await queries.histogram('nobody', {}, span)).toEqual([]);
  });

  it('reads the entries of its time alone, by their index', async () => {
    const plan = await plansOf((database) =>
      createAuditQueries(database).histogram('demo', { actor: 'actor-1' }, span),
    );
    expect(plan).toContain('audit_by_time');
    expect(plan).not.toMatch(/Seq Scan/);
  });

  it('is refused over more entries than may be counted, by their index alone', async () => {
    await withClient(connectionString, (client) =>
      client.query(`
        insert into read_models.audit_entries (project_id, sequence, format, event_id, occurred_at, action, outcome, actor, changes, count, hash)
        select 'busy', n, 1, gen_random_uuid(), timestamptz '2026-01-02 01:00:00Z', 'ISSUE_CREDENTIAL', 'SUCCEEDED', 'a', '[]', 1, ''
        from generate_series(1, 200001) n`),
    );
    const queries = createAuditQueries(reads);
    expect(await queries.histogram('busy', { actor: 'nobody' }, span)).toBeUndefined();
    const plan = await plansOf((database) => createAuditQueries(database).histogram('busy', {}, span));
    expect(plan).toContain('Index Only Scan using audit_by_time');
    expect(plan).not.toContain('Aggregate');
    const empty = { ...span, from: '2026-01-02T01:30:00.000Z' };
    expect(await queries.histogram('busy', {}, empty)).toEqual([]);
  });
});
