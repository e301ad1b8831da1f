import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuditHeads } from '../../../src/adapters/postgres/audit-heads.ts';
import { createDoctorQueries } from '../../../src/adapters/postgres/doctor/doctor-queries.ts';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../src/adapters/postgres/read-connections.ts';
import type { AuditHeads } from '../../../src/application/ports/audit-heads.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { planOf, type QueryPlan, remembering } from '../../support/query-plans.ts';
import { withClient } from '../../support/server-databases.ts';

/** With a signed head for each tenth entry. */
const ENTRIES = 20_000;
const PROJECTS = 5;
let reads: ReadConnections;
beforeAll(async () => {
  const { connectionString } = await createTestDatabase();
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  await withClient(connectionString, async (client) => {
    await client.query(`
      insert into read_models.audit_entries (project_id, sequence, format, event_id, occurred_at, action, outcome, actor, changes,
        count, hash)
      select 'p' || p, n, 1, gen_random_uuid(), now() - interval '1 hour' + n * interval '1 second', 'ISSUE_CREDENTIAL', 'SUCCEEDED', 'ci', '[]', 1, 'hash-' || n
      from generate_series(1, ${ENTRIES / PROJECTS}) n, generate_series(1, ${PROJECTS}) p`);
    await client.query(`
      insert into read_models.audit_heads select project_id, max(sequence), 'hash-' || max(sequence)
      from read_models.audit_entries group by project_id`);
    // The last heads of one project are not signed yet.
    await client.query(`
      insert into log.signed_heads (project_id, sequence, number, format, hash, signed_at, key_id, instance, signature)
      select project_id, sequence, row_number() over (order by sequence, project_id), 1, hash, now(), 'key', 'replica',
        decode(repeat('00', 64), 'hex')
      from read_models.audit_entries where sequence % 10 = 0 and (project_id <> 'p1' or sequence < 3000)`);
    await client.query('analyze read_models.audit_entries, read_models.audit_heads, log.signed_heads');
  });
});
afterAll(() => reads.close());

/** The answer, and how Postgres found it. */
async function asked<Answer>(ask: (heads: AuditHeads) => Promise<Answer>): Promise<[Answer, QueryPlan]> {
  const database = remembering(reads);
  const answer = await ask(createAuditHeads(database));
  const [statement] = database.statements;
  if (statement === undefined) throw new Error('no statement was sent');
  return [answer, await planOf(database, statement)];
}

describe('what is asked of signed heads costs what it answers, however long the logs are', () => {
  it('the chains that moved since they were signed', async () => {
    const [moved, plan] = await asked((heads) => heads.moved());
    expect(moved).toMatchObject([{ head: { projectId: 'p1', sequence: 4000 }, signed: { sequence: 2990 } }]);
    // The table of heads has a row for each project: it may be read whole.
    expect(plan.indexes.toSorted()).toEqual(['audit_entries_pkey', 'signed_heads_pkey']);
    expect(plan.rows).toBeLessThanOrEqual(PROJECTS);
  });

  it('a page of them', async () => {
    for (const before of [undefined, 1_000]) {
      const [{ heads, hasNextPage }, plan] = await asked((all) => all.list('p2', { first: 20, before }));
      expect([heads.length, heads[0]?.sequence, hasNextPage]).toEqual([20, (before ?? 4_010) - 10, true]);
      expect(plan).toEqual({ indexes: ['signed_heads_pkey'], readsTable: false, rows: 21 });
    }
  });

  it('those that an anchor lacks', async () => {
    await createAuditHeads(reads).anchored('file', 1_000, 'code');
    expect(await createAuditHeads(reads).reached('file')).toEqual({ number: 1_000, code: 'code' });
    const [, oldest] = await asked((heads) => heads.waitingSince(1_000));
    expect(oldest).toEqual({ indexes: ['signed_heads_number_key'], readsTable: false, rows: 1 });
    const [lacking, plan] = await asked((heads) => heads.unanchored(1_000, 50));
    expect([lacking.length, lacking[0]?.number]).toEqual([50, 1_001]);
    expect(plan.indexes).toContain('signed_heads_number_key');
    expect(plan.rows).toBeLessThanOrEqual(50);
  });

  it('the logs that went on after an anchor ended, but for what may not have reached it yet', async () => {
    const database = remembering(reads);
    const { logsMovedSince } = createDoctorQueries(database);
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
    expect(await logsMovedSince(minutesAgo(14))).toBe(0);
    expect(await logsMovedSince(minutesAgo(30))).toBe(PROJECTS);
    const [statement] = database.statements.slice(-1);
    if (statement === undefined) throw new Error('no statement was sent');
    const plan = await planOf(database, statement);
    expect(plan.indexes).toContain('audit_by_time');
    expect(plan.rows).toBeLessThanOrEqual(2 * PROJECTS);
  });

  it('where the next one comes in their order', async () => {
    const plan = await planOf(reads, { name: 'last', text: 'select max(number) from log.signed_heads', values: [] });
    expect(plan).toEqual({ indexes: ['signed_heads_number_key'], readsTable: false, rows: 1 });
  });
});
