import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createCheckSchedule } from '../../../../src/adapters/postgres/read-models/check-schedule.ts';
import { createLeaseQueries } from '../../../../src/adapters/postgres/read-models/lease-queries.ts';
import { createNoticeQueries } from '../../../../src/adapters/postgres/read-models/notice-queries.ts';
import { rebuildReadModels } from '../../../../src/adapters/postgres/read-models/rebuild.ts';
import { createRegistryQueries } from '../../../../src/adapters/postgres/read-models/registry-queries.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import type { LeaseQueries, RegistryQueries } from '../../../../src/application/ports/read-models.ts';
import type { CredentialIssued } from '../../../../src/domain/events.ts';
import { leaseStream } from '../../../../src/domain/identity.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';
import { planOf, remembering } from '../../../support/query-plans.ts';
import { projectorClient, trusting } from '../../../support/read-models.ts';
import {
  createdEvent,
  deletedEvent,
  idOf,
  issuedEvent,
  linkedEvent,
  METADATA,
  releasedEvent,
  rotatedEvent,
  testedEvent,
  unstorableEvent,
} from '../../../support/recorded-events.ts';
import { appendAll, type RunningProjector, startProjector } from '../../../support/running-projector.ts';
import { withClient } from '../../../support/server-databases.ts';

const LATER = '2040-01-01T00:00:00.000Z';
let database: TestDatabase;
let log: EventLog;
let reads: ReadConnections;
let replica: RunningProjector;
let leases: LeaseQueries;
let registries: RegistryQueries;
beforeAll(async () => {
  database = await createTestDatabase();
  const { connectionString } = database;
  log = createPostgresEventLog({ connectionString, logger: SILENT });
  reads = createReadConnections({ connectionString, name: 'test reads', connections: 1, logger: SILENT });
  leases = createLeaseQueries(reads, Date.now);
  registries = createRegistryQueries(reads, Date.now);
  replica = startProjector(connectionString, log);
});
afterAll(async () => {
  await replica.stop();
  await reads.close();
  await log.close();
});

async function apply(...events: Parameters<typeof appendAll>[1][]): Promise<void> {
  await replica.passed((await appendAll(log, ...events)).position);
}

/** Asks all places for the same number. `firstVersion`: of the registry as it is now, or will be when it is created again. */
async function activeLeases(registry: string, firstVersion: number): Promise<number[]> {
  const registryId = idOf(registry);
  const [usage] = await registries.usage([registryId]);
  const filter = { registryId, activeOnly: true };
  const { items: listed } = await leases.list('demo', { filter, first: 100, after: undefined });
  const counted = await leases.countActive(registryId, { firstVersion, except: [] });
  return [usage?.activeLeases ?? -1, counted, listed.length, (await leases.count('demo', filter)).count];
}

describe('the active leases of a registry', () => {
  it('end with a deletion, and do not count for the registry if it is created again', async () => {
    await apply(createdEvent('a', 1), issuedEvent('a', 'a1', 1, LATER), issuedEvent('a', 'a2', 1, LATER));
    expect(await activeLeases('a', 1)).toEqual([2, 2, 2, 2]);
    await apply(deletedEvent('a'));
    expect(await activeLeases('a', 2)).toEqual([0, 0, 0, 0]);
    // A lease that was decided before the deletion but recorded after it.
    await apply(createdEvent('a', 2), issuedEvent('a', 'a3', 1, LATER), issuedEvent('a', 'a4', 2, LATER));
    expect(await activeLeases('a', 2)).toEqual([1, 1, 1, 1]);
    await apply(rotatedEvent('a', 3), issuedEvent('a', 'a5', 3, LATER));
    expect(await activeLeases('a', 2)).toEqual([2, 2, 2, 2]);
    await apply(releasedEvent('a', 'a5'), issuedEvent('a', 'over', 3, '2026-01-01T00:00:00.000Z'));
    expect(await activeLeases('a', 2)).toEqual([1, 1, 1, 1]);
    const all = await leases.count('demo', { registryId: idOf('a'), activeOnly: false });
    expect(all).toEqual({ count: 6, isExact: true });
  });

  it('are the same after a rebuild', async () => {
    await apply(createdEvent('b', 1), issuedEvent('b', 'b1', 1, LATER), deletedEvent('b'), createdEvent('b', 2));
    await apply(issuedEvent('b', 'b2', 2, LATER));
    const before = await activeLeases('b', 2);
    await rebuildReadModels({
      log,
      authenticator: trusting,
      connect: (options) => projectorClient(database.connectionString, options),
    });
    expect(await activeLeases('b', 2)).toEqual(before);
    expect(before).toEqual([1, 1, 1, 1]);
  });

  it('count even if the registry itself cannot be shown', async () => {
    const created = createdEvent('c', 1);
    const unstorable = { ...unstorableEvent('c') };
    await apply(unstorable, created, issuedEvent('c', 'c1', 1, LATER));
    expect(await leases.countActive(idOf('c'), { firstVersion: 1, except: [] })).toBe(1);
  });
});

it('finds the last lease of a caller, and not that of the same subject of another issuer', async () => {
  const asked = { registryId: idOf('e'), pipeline: 'pipeline-of-e', runId: null };
  await apply(createdEvent('e', 1), issuedEvent('e', 'e1', 1, LATER));
  const { position } = await log.append(leaseStream('demo', idOf('e2')), 'any', [
    {
      id: randomUUID(),
      event: issuedEvent('e', 'e2', 1, LATER),
      occurredAt: new Date().toISOString(),
      metadata: { ...METADATA, issuer: 'https://other.example' },
    },
  ]);
  await replica.passed(position);
  const lastOf = (issuer: string) => leases.lastOf('demo', { ...asked, issuedTo: { issuer, subject: METADATA.actor } });
  expect(await lastOf('https://issuer.example')).toBe(idOf('e1'));
  expect(await lastOf('https://other.example')).toBe(idOf('e2'));
  expect(await lastOf('https://third.example')).toBeUndefined();
});

it('shows the 20 pipelines that used a registry last', async () => {
  const uses = Array.from({ length: 130 }, (_, index): CredentialIssued => {
    const issued = issuedEvent('d', `d${index}`, 1, LATER) as CredentialIssued;
    return { ...issued, data: { ...issued.data, pipeline: `pipeline-${index}` } };
  });
  await apply(createdEvent('d', 1), ...uses);
  const [usage] = await registries.usage([idOf('d')]);
  expect(usage?.pipelines).toHaveLength(20);
  const shown = new Set(usage?.pipelines.map(({ pipeline }) => pipeline));
  expect([shown.has('pipeline-129'), shown.has('pipeline-0')]).toEqual([true, false]);
  const times = usage?.pipelines.map(({ lastUsedAt }) => lastUsedAt ?? '') ?? [];
  expect(times).toEqual(times.toSorted().toReversed());
});

it('shows uses of the last 30 days, and links however long ago they were used', async () => {
  await apply(createdEvent('e', 1), issuedEvent('e', 'e1', 1, LATER), issuedEvent('e', 'f1', 1, LATER));
  await apply(linkedEvent('e', 'pipeline-of-f', 'ask ada'), linkedEvent('e', 'never-ran'));
  const shownAfter = async (days: number) => {
    const then = createRegistryQueries(reads, () => Date.now() + days * 86_400_000);
    const [usage] = await then.usage([idOf('e')]);
    const recent = await then.recentPipelines(idOf('e'));
    const named = (pipelines: readonly { pipeline: string }[]) => pipelines.map(({ pipeline }) => pipeline).sort();
    return { usage: named(usage?.pipelines ?? []), recent: named(recent), pipelines: usage?.pipelines };
  };
  expect(await shownAfter(29.9)).toMatchObject({
    usage: ['never-ran', 'pipeline-of-e', 'pipeline-of-f'],
    recent: ['pipeline-of-e', 'pipeline-of-f'],
  });
  const later = await shownAfter(30.1);
  expect(later).toMatchObject({ usage: ['never-ran', 'pipeline-of-f'], recent: [] });
  expect(later.pipelines).toMatchObject([
    { pipeline: 'pipeline-of-f', lastUsedAt: expect.any(String), leases: 1, linked: true, note: 'ask ada' },
    { pipeline: 'never-ran', lastUsedAt: null, leases: 0, linked: true, note: null },
  ]);
});

it('names the repository where the current version last proved something, and not where a lease was asked for', async () => {
  const issuedFor = (lease: string, version: number, image: string): CredentialIssued => {
    const issued = issuedEvent('e', lease, version, LATER) as CredentialIssued;
    return { ...issued, data: { ...issued.data, image } };
  };
  const telling = () => registries.tellingRepository('demo', idOf('e'));
  await apply(createdEvent('e', 1), issuedFor('e1', 1, 'e.example/first/app'));
  expect(await telling()).toBe('first/app');
  await apply(testedEvent('e', 1, { pull: 'PROVED', repository: 'team/app' }), issuedFor('e2', 1, 'e.example/none'));
  expect(await telling()).toBe('team/app');
  // Later tests that prove nothing there, or nothing at all, change nothing.
  await apply(testedEvent('e', 1), testedEvent('e', 1, { pull: 'DENIED', repository: 'none' }));
  await apply(testedEvent('e', 1, { outcome: 'RATE_LIMITED', login: 'UNKNOWN' }));
  expect(await telling()).toBe('team/app');
  await apply(testedEvent('e', 1, { push: 'PROVED', repository: 'team/pushed' }));
  expect(await telling()).toBe('team/pushed');
  const due = async () => {
    const asked = { testedBefore: LATER, refusedBefore: LATER, spreadMs: 0, except: [], limit: 100, after: undefined };
    // No vault holds its secret. It is before its credential expires.
    await withClient(database.connectionString, (client) =>
      client.query('update read_models.registries set secret_missing = false where id = $1', [idOf('e')]),
    );
    const then = createCheckSchedule(reads, () => Date.parse('2026-03-02T00:00:00.000Z'));
    return (await then.due(asked)).due.find(({ registryId }) => registryId === idOf('e'))?.repository;
  };
  expect(await due()).toBe('team/pushed');
  // Of another version nothing is proved.
  await apply(rotatedEvent('e', 2));
  expect([await telling(), await due()]).toEqual(['none', 'none']);
});

it('finds the notices of a registry by its index', async () => {
  const rotations = Array.from({ length: 30 }, (_, index) => rotatedEvent('f', index + 2));
  await apply(createdEvent('f', 1), ...rotations);
  await withClient(database.connectionString, async (client) => {
    await client.query(`insert into read_models.notices
      select 1000000 + n, kind, project_id, gen_random_uuid(), url, credential_version, occurred_at, expires_at, actor,
        leases_on_older_versions, message
      from generate_series(1, 20000) n, (select * from read_models.notices limit 1) one`);
    await client.query('analyze read_models.notices');
  });
  const asking = remembering(reads);
  const page = { first: 20, before: undefined };
  const { notices, hasNextPage } = await createNoticeQueries(asking).list('demo', {
    registryId: idOf('f').toUpperCase(),
    ...page,
  });
  expect([notices.length, notices[0]?.credentialVersion, hasNextPage]).toEqual([20, 31, true]);
  const [statement] = asking.statements;
  if (statement === undefined) throw new Error('no statement was sent');
  expect(await planOf(reads, statement)).toEqual({ indexes: ['notices_by_registry'], readsTable: false, rows: 21 });
  expect(await createNoticeQueries(reads).list('demo', { registryId: 'no id', ...page })).toEqual({
    notices: [],
    hasNextPage: false,
  });
});
