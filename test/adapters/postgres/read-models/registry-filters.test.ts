import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createDailyUseQueries } from '../../../../src/adapters/postgres/read-models/daily-use-queries.ts';
import { rebuildReadModels } from '../../../../src/adapters/postgres/read-models/rebuild.ts';
import { createRegistryQueries } from '../../../../src/adapters/postgres/read-models/registry-queries.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import type { RegistryFilter } from '../../../../src/application/ports/read-models.ts';
import type { AccessDenied, DomainEvent } from '../../../../src/domain/events.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';
import { planOf, remembering } from '../../../support/query-plans.ts';
import { differingTables, digestsOfReadModels, projectorClient, trusting } from '../../../support/read-models.ts';
import {
  createdEvent,
  expiryLearntEvent,
  issuedEvent,
  rotatedEvent,
  testedEvent,
} from '../../../support/recorded-events.ts';
import { appendAll, type RunningProjector, startProjector } from '../../../support/running-projector.ts';
import { withClient } from '../../../support/server-databases.ts';

const DAY_MS = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString();

let database: TestDatabase;
let log: EventLog;
let reads: ReadConnections;
let replica: RunningProjector;
beforeAll(async () => {
  database = await createTestDatabase();
  const { connectionString } = database;
  log = createPostgresEventLog({ connectionString, logger: SILENT });
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  replica = startProjector(connectionString, log);
  const { position } = await appendAll(
    log,
    createdEvent('never', 1),
    rotating('monthly', 30),
    testedEvent('monthly', 1),
    rotating('yearly', 365),
    testedEvent('yearly', 1),
    rotatedEvent('yearly', 2),
    createdEvent('refused', 1),
    testedEvent('refused', 1, { outcome: 'AUTHENTICATION_FAILED' }),
    createdEvent('expiring', 1),
    expiryLearntEvent('expiring', 1, inDays(3)),
    createdEvent('expired', 1),
    expiryLearntEvent('expired', 1, inDays(-3)),
    issuedEvent('monthly', 'm1', 1, inDays(1)),
    issuedEvent('monthly', 'm2', 1, inDays(1)),
    denied('ISSUE_CREDENTIAL', 1),
    denied('ISSUE_CREDENTIALS', 41),
    denied('DELETE_REGISTRY', 7),
  );
  await replica.passed(position);
  await withClient(connectionString, (client) => client.query(`${NOTHING_MISSING}; ${MANY_OTHERS}`));
});
afterAll(async () => {
  await replica.stop();
  await reads.close();
  await log.close();
});

function rotating(registry: string, rotateEveryDays: number): DomainEvent {
  const created = createdEvent(registry, 1);
  if (created.type !== 'RegistryCreated') throw new Error('not the event');
  return { ...created, data: { ...created.data, rotateEveryDays } };
}

function denied(action: string, count: number): AccessDenied {
  const asked = { field: null, registryId: null, leaseId: null, url: null, image: null, pipeline: null, runId: null };
  return {
    type: 'AccessDenied',
    data: { action, outcome: 'DENIED', code: 'FORBIDDEN', ...asked, count, until: null },
  };
}

/** The events' secrets are not in the vault, which these filters do not look at. */
const NOTHING_MISSING = 'update read_models.registries set secret_missing = false';

/** Enough rows for an index to be worth it: a large project, whose registries are due one a minute, and its days. */
const MANY_OTHERS = `
  insert into read_models.registries (id, project_id, phase, revision, last_version, name, url, rotation_due_at)
  select gen_random_uuid(), 'large', 'live', 0, 1, 'r' || n, 'r' || n || '.example', now() + n * interval '1 minute'
    from generate_series(1, 20000) n;
  insert into read_models.daily_uses (project_id, day, issued, failed)
  select 'large', current_date - n, 1, 0 from generate_series(0, 9999) n;
  analyze read_models.registries, read_models.daily_uses`;

async function namesWith(filter: RegistryFilter): Promise<string[]> {
  const queries = createRegistryQueries(reads, Date.now);
  const order = { field: 'NAME', direction: 'ASC' } as const;
  const { items } = await queries.list('demo', {
    filter,
    order,
    first: 100,
    after: undefined,
    withLatestChange: false,
  });
  expect(await queries.count('demo', filter)).toEqual({ count: items.length, isExact: true });
  return items.map(({ node }) => node.name);
}

it.each<[string, RegistryFilter, string[]]>([
  ['one status', { statuses: ['FAILING'] }, ['refused']],
  ['several statuses', { statuses: ['EXPIRING', 'EXPIRED', 'FAILING'] }, ['expired', 'expiring', 'refused']],
  [
    'all statuses',
    { statuses: ['ACTIVE', 'EXPIRING', 'EXPIRED', 'FAILING', 'NEEDS_CREDENTIAL'] },
    ['expired', 'expiring', 'monthly', 'never', 'refused', 'yearly'],
  ],
  ['statuses that the other filter excludes', { status: 'EXPIRED', statuses: ['ACTIVE'] }, []],
  ['a rotation that is due soon', { rotationDueBefore: inDays(31) }, ['monthly']],
  ['a rotation that is due some day', { rotationDueBefore: inDays(366) }, ['monthly', 'yearly']],
  ['a rotation that is overdue', { rotationDueBefore: inDays(0) }, []],
  ['a version that was never tested', { neverTested: true }, ['expired', 'expiring', 'never', 'yearly']],
  ['a version that was tested', { neverTested: false }, ['monthly', 'refused']],
  ['the same status twice', { statuses: ['FAILING', 'FAILING'] }, ['refused']],
  ['several filters', { neverTested: true, rotationDueBefore: inDays(366), statuses: ['ACTIVE'] }, ['yearly']],
])('finds registries with %s', async (_, filter, names) => {
  expect(await namesWith(filter)).toEqual(names);
});

it('finds what is due for rotation by its index', async () => {
  const asked = remembering(reads);
  const filter = { rotationDueBefore: new Date(Date.now() + 30 * 60_000).toISOString() };
  await createRegistryQueries(asked, Date.now).count('large', filter);
  const plan = await planOf(reads, asked.statements[0] ?? fail());
  expect(plan).toMatchObject({ indexes: ['registries_by_rotation'], readsTable: false });
  expect(plan.rows).toBeLessThan(40);
});

it('counts how often credentials were issued on each day, and how often that was denied or failed', async () => {
  const asked = remembering(reads);
  const today = inDays(0).slice(0, 10);
  const uses = createDailyUseQueries(asked);
  expect(await uses.since('demo', inDays(-1).slice(0, 10))).toEqual([{ day: today, issued: 2, failed: 42 }]);
  expect(await uses.since('other', '2026-01-01')).toEqual([]);
  await uses.since('large', inDays(-89).slice(0, 10));
  const plan = await planOf(reads, asked.statements.at(-1) ?? fail());
  expect(plan).toMatchObject({ indexes: ['daily_uses_pkey'], readsTable: false });
  expect(plan.rows).toBeLessThanOrEqual(91);
});

it('has the same rows after a rebuild', async () => {
  const { connectionString } = database;
  await withClient(connectionString, async (client) => {
    await client.query("delete from read_models.registries where project_id = 'large'");
    await client.query("delete from read_models.daily_uses where project_id = 'large'");
    await client.query('update read_models.registries set secret_missing = true');
  });
  const before = await digestsOfReadModels(connectionString);
  await rebuildReadModels({
    log,
    authenticator: trusting,
    connect: (options) => projectorClient(connectionString, options),
  });
  expect(differingTables(before, await digestsOfReadModels(connectionString))).toEqual([]);
});

function fail(): never {
  throw new Error('nothing was asked');
}
