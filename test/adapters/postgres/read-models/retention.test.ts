import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../../src/adapters/postgres/read-connections.ts';
import { createChangeFeedQuery } from '../../../../src/adapters/postgres/read-models/change-queries.ts';
import { createFeed } from '../../../../src/adapters/postgres/read-models/feeds.ts';
import { createNoticeFeedQuery } from '../../../../src/adapters/postgres/read-models/notice-queries.ts';
import { rebuildReadModels } from '../../../../src/adapters/postgres/read-models/rebuild.ts';
import { createRetention } from '../../../../src/adapters/postgres/read-models/retention.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import { createCursors, noticeScope } from '../../../../src/graphql/paging/cursors.ts';
import { resumeAfter } from '../../../../src/graphql/paging/resume.ts';
import { createTestDatabase } from '../../../support/postgres.ts';
import { differingTables, digestsOfReadModels, projectorClient, trusting } from '../../../support/read-models.ts';
import {
  createdEvent,
  issuedEvent,
  releasedEvent,
  renamedEvent,
  rotatedEvent,
} from '../../../support/recorded-events.ts';
import { appendAll, type RunningProjector, startProjector } from '../../../support/running-projector.ts';
import { withClient } from '../../../support/server-databases.ts';

const DAY_MS = 86_400_000;
/** Believes only what `signText` of `trusting` gives. */
const authenticator = {
  ...trusting,
  isAuthenticText: (_: unknown, code: string) => code === trusting.signText(SIGNED),
};
const SIGNED = { purpose: 'removed rows', text: '' } as const;

let connectionString: string;
let log: EventLog;
let database: ReadConnections;
let replica: RunningProjector;
beforeEach(async () => {
  ({ connectionString } = await createTestDatabase());
  log = createPostgresEventLog({ connectionString, logger: SILENT });
  database = createReadConnections({
    connectionString,
    name: 'test chores',
    connections: 1,
    byIndexOnly: true,
    logger: SILENT,
  });
  replica = startProjector(connectionString, log, authenticator);
});
afterEach(async () => {
  await replica.stop();
  await database.close();
  await log.close();
});

async function sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(connectionString, async (client) => (await client.query(text, values)).rows as Row[]);
}

/** Calls it often enough for everything that is left, `days` from now, by the database's clock too. */
async function removeAfter(days: number, calls = 3, daysOfDatabase = days) {
  const now = () => Date.now() + days * DAY_MS;
  const sharedNow = async () => Date.now() + daysOfDatabase * DAY_MS;
  const kept = { leasesMs: 90 * DAY_MS, noticesMs: 90 * DAY_MS };
  const remove = createRetention({ database, authenticator, now, sharedNow, ...kept });
  for (let call = 0; call < calls; call += 1) await remove();
}

const counts = async () => {
  const [row] = await sql<Record<'changes' | 'notices' | 'leases', number>>(`select
    (select count(*)::int from read_models.changes) as changes, (select count(*)::int from read_models.notices) as notices,
    (select count(*)::int from read_models.leases) as leases`);
  return row;
};

/** Changes of a project, numbered from `first`, each with a registry of its own. */
async function addChanges(projectId: string, first: number, count: number, writtenAt: string): Promise<void> {
  await sql(
    `insert into read_models.changes (sequence, kind, project_id, registry_id, registry, written_at)
     select n, 'DELETED', $1, gen_random_uuid(), null, $4 from generate_series($2::int, $2::int + $3::int - 1) n`,
    [projectId, first, count, writtenAt],
  );
}

/** Lowest and highest number, and how many, by project. */
const changesOf = async (projectId: string) =>
  (
    await sql<{ first: number; last: number; count: number }>(
      `select min(sequence)::int as first, max(sequence)::int as last, count(*)::int from read_models.changes where project_id = $1`,
      [projectId],
    )
  )[0];

describe('changes', () => {
  it('stay while they are younger than a day or among the last 10,000 of their project, whichever is more', async () => {
    const old = new Date(Date.now() - DAY_MS - 60_000).toISOString();
    const young = new Date(Date.now() - DAY_MS + 60_000).toISOString();
    await addChanges('few', 1, 10_000, old);
    await addChanges('many', 20_001, 12_500, old);
    await addChanges('young', 40_001, 12_500, young);
    await addChanges('mixed', 60_001, 1_500, old);
    await addChanges('mixed', 61_501, 12_000, young);
    await removeAfter(0);
    expect(await changesOf('few')).toEqual({ first: 1, last: 10_000, count: 10_000 });
    expect(await changesOf('many')).toEqual({ first: 22_501, last: 32_500, count: 10_000 });
    expect(await changesOf('young')).toEqual({ first: 40_001, last: 52_500, count: 12_500 });
    expect(await changesOf('mixed')).toEqual({ first: 61_501, last: 73_500, count: 12_000 });
  });

  it('are removed a bounded number at a time, and of every project in turn', async () => {
    const old = new Date(Date.now() - 2 * DAY_MS).toISOString();
    await addChanges('large', 1, 40_000, old);
    await sql(
      `insert into read_models.changes (sequence, kind, project_id, registry_id, registry, written_at)
       select 100000 + n, 'DELETED', 'p' || n, gen_random_uuid(), null, now() from generate_series(1, 450) n`,
    );
    await addChanges('z', 200_001, 10_001, old);
    await removeAfter(0, 1);
    expect(await changesOf('large')).toMatchObject({ count: 20_000 });
    await removeAfter(0, 5);
    expect(await changesOf('large')).toMatchObject({ count: 10_000 });
    expect(await changesOf('z')).toMatchObject({ count: 10_000 });
  });

  it('that were removed cannot be resumed from, and others can', async () => {
    const old = new Date(Date.now() - 2 * DAY_MS).toISOString();
    await addChanges('many', 1, 10_002, old);
    await addChanges('other', 20_000, 1, old);
    await removeAfter(0);
    const query = createChangeFeedQuery(database);
    const feed = createFeed({ query, follow: () => () => undefined, onFault: () => undefined });
    const next = (projectId: string, after: number) => {
      const stopping = new AbortController();
      const items = feed.follow(projectId, after, stopping.signal);
      return items.next().then(({ value }) => value?.sequence);
    };
    await expect(next('many', 1)).rejects.toMatchObject({ code: 'CURSOR_NOT_RESUMABLE' });
    await expect(next('many', 0)).rejects.toMatchObject({ code: 'CURSOR_NOT_RESUMABLE' });
    expect(await next('many', 2)).toBe(3);
    expect(await next('other', 0)).toBe(20_000);
    expect(await feed.removedUpTo('many')).toBe(2);
  });
});

describe('a project that was used', () => {
  beforeEach(async () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    const { position } = await appendAll(
      log,
      createdEvent('a', 1),
      rotatedEvent('a', 2),
      issuedEvent('a', 'ended', 2, soon),
      releasedEvent('a', 'ended'),
      issuedEvent('a', 'left-to-expire', 2, soon),
      rotatedEvent('a', 3),
      renamedEvent('a', 'other'),
    );
    await replica.passed(position);
  });

  it('keeps leases and notices for as long as it is to', async () => {
    const all = await counts();
    expect(all).toEqual({ changes: 4, notices: 2, leases: 2 });
    await removeAfter(89);
    expect(await counts()).toEqual(all);
    // A lease may last a day, and goes when the longest has ended for so long.
    await removeAfter(90.5);
    expect(await counts()).toEqual({ ...all, notices: 1 });
    await removeAfter(91.5);
    // The newest notice is where the feed ends.
    expect(await counts()).toEqual({ ...all, notices: 1, leases: 0 });
  });

  it('keeps all while one of the two clocks has yet to get there', async () => {
    const all = await counts();
    await removeAfter(365, 3, 0);
    await removeAfter(0, 3, 365);
    expect(await counts()).toEqual(all);
  });

  it('has its cursors refused that are older than what is kept, and goes on from all others', async () => {
    const query = createNoticeFeedQuery(database);
    const feed = createFeed({ query, follow: () => () => undefined, onFault: () => undefined });
    const cursors = createCursors(Buffer.alloc(32, 7));
    const scope = noticeScope('demo');
    const resume = (sequence: number) =>
      resumeAfter(feed, cursors, scope, { cursor: cursors.encode(scope, String(sequence)), field: 'Last-Event-ID' });
    const [first, last] = (await query.after('demo', 0, 10)).map(({ sequence }) => sequence);
    if (first === undefined || last === undefined) throw new Error('there are two notices');
    expect(await resume(0)).toBe(0);
    await removeAfter(91);
    await expect(resume(0)).rejects.toMatchObject({
      code: 'CURSOR_NOT_RESUMABLE',
      details: { field: 'Last-Event-ID' },
    });
    await expect(resume(first - 1)).rejects.toMatchObject({ code: 'CURSOR_NOT_RESUMABLE' });
    expect(await resume(first)).toBe(first);
    expect(await resume(await feed.lastSequence('demo'))).toBe(last);
    await expect(resume(last + 1)).rejects.toThrow(/ahead of what this service has/);
  });

  it('is the same after a rebuild, which brings nothing back', async () => {
    await removeAfter(92);
    const before = await digestsOfReadModels(connectionString);
    const connect = (options?: { readonly pipeline: boolean }) => projectorClient(connectionString, options);
    await rebuildReadModels({ log, authenticator, connect });
    expect(await counts()).toEqual({ changes: 4, notices: 1, leases: 0 });
    expect(differingTables(before, await digestsOfReadModels(connectionString))).toEqual([]);
  });

  it('gets back what somebody else hid, by a rebuild', async () => {
    await sql(`insert into projection.removed_rows (what, project_id, up_to, code)
      values ('notices', 'demo', 1000, 'forged'), ('leases', 'demo', 1e15, 'forged'), ('changes', 'demo', 1000, 'forged')`);
    await sql('delete from read_models.notices');
    await sql('delete from read_models.leases');
    const connect = (options?: { readonly pipeline: boolean }) => projectorClient(connectionString, options);
    await rebuildReadModels({ log, authenticator, connect });
    expect(await counts()).toEqual({ changes: 4, notices: 2, leases: 2 });
  });
});
