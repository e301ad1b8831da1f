import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createFindWaitingReports } from '../../../../src/adapters/postgres/read-models/waiting-reports.ts';
import { createFindWaitingSuccessors } from '../../../../src/adapters/postgres/read-models/waiting-successors.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { planOf, remembering } from '../../../support/query-plans.ts';
import { idOf } from '../../../support/recorded-events.ts';

let reads: ReadConnections;
beforeAll(async () => {
  const { connectionString } = await createTestDatabase();
  reads = createReadConnections({ connectionString, name: 'waiting', connections: 1, logger: SILENT });
});
afterAll(() => reads?.close());
beforeEach(async () => {
  await sql('truncate read_models.registries, read_models.registry_uses');
  await sql(
    `insert into read_models.registry_uses (registry_id, project_id, last_used_repository) values ($1, 'demo', 'team/app')`,
    [idOf('a')],
  );
});

const sql = (text: string, values: unknown[] = []) => reads.query({ name: '', text, values });

const NOBODY = { expiry: null, missing: null, overdue: null, refused: null };
const ROW = {
  ...{ id: idOf('a'), project_id: 'demo', phase: 'live', revision: 0, last_version: 2, credential_version: 2 },
  ...{ changed_at: new Date().toISOString(), secret_missing: false, warnings: [], told: NOBODY, successors: [] },
};
const REPORTED = { ...ROW, reported_version: 2, reported_at: new Date().toISOString() };

async function insert(row: object): Promise<void> {
  const text =
    'insert into read_models.registries select * from json_populate_record(null::read_models.registries, $1)';
  await sql(text, [JSON.stringify(row)]);
}

/** Many others, with nothing that waits. */
async function insertOthers(): Promise<void> {
  await sql(`insert into read_models.registries (id, project_id, phase, revision, last_version, credential_version)
    select gen_random_uuid(), 'demo', 'live', 0, 1, 1 from generate_series(1, 20000)`);
  await sql(
    `insert into read_models.registry_uses (registry_id, project_id) select id, project_id from read_models.registries`,
  );
  await sql('analyze read_models.registries, read_models.registry_uses');
}

describe('the reports that wait for a login', () => {
  it('are those of the current version, with a repository to try, found by their index', async () => {
    await insertOthers();
    await insert(REPORTED);
    const asked = remembering(reads);
    expect(await createFindWaitingReports(asked)()).toEqual([
      { projectId: 'demo', registryId: idOf('a'), credentialVersion: 2, repository: 'team/app' },
    ]);
    const [statement] = asked.statements;
    if (!statement) throw new Error('nothing was asked');
    expect(await planOf(reads, statement)).toEqual({
      indexes: ['registries_reported', 'registry_uses_pkey'],
      readsTable: false,
      rows: 1,
    });
  });

  it.each([
    ['nobody reported it', { reported_version: null, reported_at: null }],
    ['the version was replaced since', { credential_version: 3 }],
    ['people were told of its refusal', { told: { ...NOBODY, refused: 2 } }],
    ['the registry is deleted', { phase: 'deleted' }],
    ['it is older than an hour', { reported_at: new Date(Date.now() - 3_601_000).toISOString() }],
  ])('are not those of a registry if %s', async (_why, changes) => {
    await insert({ ...REPORTED, ...changes });
    expect(await createFindWaitingReports(reads)()).toEqual([]);
  });
});

describe('the registries whose successors wait', () => {
  it('are found by their index, also if they are deleted', async () => {
    await insertOthers();
    await insert({ ...ROW, phase: 'deleted', successors_waiting_since: new Date().toISOString() });
    await insert({ ...ROW, id: idOf('b') });
    const asked = remembering(reads);
    expect(await createFindWaitingSuccessors(asked)()).toEqual([
      { projectId: 'demo', registryId: idOf('a'), at: expect.any(String) },
    ]);
    const [statement] = asked.statements;
    if (!statement) throw new Error('nothing was asked');
    expect(await planOf(reads, statement)).toEqual({
      indexes: ['registries_by_successor'],
      readsTable: false,
      rows: 1,
    });
  });
});
