import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../../../src/adapters/postgres/log/event-log.ts';
import { SILENT } from '../../../../src/adapters/postgres/logger.ts';
import { applyEvents, progressOf } from '../../../../src/adapters/postgres/read-models/apply-events.ts';
import { CheckpointMoved } from '../../../../src/adapters/postgres/read-models/checkpoint.ts';
import { rebuildReadModels } from '../../../../src/adapters/postgres/read-models/rebuild.ts';
import { openSession } from '../../../../src/adapters/postgres/session.ts';
import { createProjectionLag } from '../../../../src/application/log/projection-lag.ts';
import type { EventLog } from '../../../../src/application/ports/event-log.ts';
import type { DomainEvent } from '../../../../src/domain/events.ts';
import { registryStream } from '../../../../src/domain/identity.ts';
import { logAmongOthers } from '../../../support/log-among-others.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/postgres.ts';
import { differingTables, digestsOfReadModels, projectorClient, trusting } from '../../../support/read-models.ts';
import { createdEvent, idOf, renamedEvent, rotatedEvent, unstorableEvent } from '../../../support/recorded-events.ts';
import { appendAll, startProjector } from '../../../support/running-projector.ts';
import { withClient } from '../../../support/server-databases.ts';

let database: TestDatabase;
let log: EventLog;
beforeAll(async () => {
  database = await createTestDatabase();
  log = createPostgresEventLog({ connectionString: database.connectionString, logger: SILENT });
});
afterAll(() => log.close());

const start = () => startProjector(database.connectionString, log);
const append = (...events: DomainEvent[]) => appendAll(log, ...events);

async function query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(database.connectionString, async (client) => (await client.query(text, values)).rows as Row[]);
}

const nameOf = async (registry: string) =>
  (await query<{ name: string }>('select name from read_models.registries where id = $1', [idOf(registry)]))[0]?.name;

const reasonsOf = async (registry: string) =>
  (
    await query<{ reason: string }>(
      'select reason from read_models.parked_events where stream = $1 order by position',
      [registryStream('demo', idOf(registry))],
    )
  ).map(({ reason }) => reason);

describe('the projector', () => {
  it('leads in one replica, and another takes over when its connection is lost', async () => {
    const replicas = [start(), start()];
    const leaders = () => replicas.filter(({ projector }) => projector.leading);
    await expect.poll(() => leaders().length).toBe(1);
    await replicas[0]?.passed((await append(createdEvent('a', 1))).position);
    const lost = leaders()[0];
    await query(
      'select pg_terminate_backend(pid) from projection.leadership, projection.sessions_with(session_lock) pid',
    );
    await expect.poll(() => lost?.projector.leading || leaders().length === 1, { timeout: 10_000 }).toBe(true);
    const { position } = await append(renamedEvent('a', 'after the change of lead'));
    await Promise.all(replicas.map(({ passed }) => passed(position)));
    expect(await nameOf('a')).toBe('after the change of lead');
    expect(leaders()).toHaveLength(1);
    await Promise.all(replicas.map((replica) => replica.stop()));
  });

  it('parks a stream if the database refuses its event, reports it, and goes on with the others', async () => {
    const replica = start();
    await replica.passed((await append(createdEvent('b', 1))).position);
    await append(renamedEvent('b', 'applied'), unstorableEvent('b'));
    await append(renamedEvent('b', 'never seen'));
    const { position } = await append(createdEvent('c', 1));
    await replica.passed(position);
    expect(await nameOf('b')).toBe('applied');
    expect(await nameOf('c')).toBe('c');
    const parked = await query('select stream, reason from read_models.parked_events order by position');
    const stream = registryStream('demo', idOf('b'));
    expect(parked).toEqual([
      { stream, reason: 'the database refused it: SQLSTATE 22003' },
      { stream, reason: 'an earlier event of this stream is parked' },
    ]);
    expect(replica.faults.map(String)).toContainEqual(expect.stringContaining('is parked: the database refused it'));
    // The server's own message quotes the value.
    expect(inspect(replica.faults, { depth: 10 })).not.toContain(String(2 ** 40));
    const audited = await query<{ count: number }>(
      'select count(*)::int as count from read_models.audit_entries union all select position::int from log.head',
    );
    expect(audited[0]).toEqual(audited[1]);
    await replica.stop();
  });

  it('waits, and parks nothing, if the database lacks something; and goes on as soon as it is there', async () => {
    const replica = start();
    await replica.passed((await append(createdEvent('held', 1))).position);
    const before = replica.progress.position;
    await query('alter table read_models.registries rename column name to name_of_a_newer_build');
    const { position } = await append(renamedEvent('held', 'after the wait'));
    await expect.poll(() => replica.faults).toContainEqual(expect.objectContaining({ code: '42703' }));
    expect(await reasonsOf('held')).toEqual([]);
    expect(replica.progress.position).toBe(before);
    await query('alter table read_models.registries rename column name_of_a_newer_build to name');
    await expect.poll(() => nameOf('held')).toBe('after the wait');
    expect(replica.progress.position).toBeGreaterThanOrEqual(position);
    expect(await reasonsOf('held')).toEqual([]);
    await replica.stop();
  });

  it('applies every event once: the checkpoint refuses the slower projector', async () => {
    await append(createdEvent('d', 1), rotatedEvent('d', 2));
    const clients = await Promise.all([1, 2].map(() => projectorClient(database.connectionString)));
    const results = await Promise.allSettled(
      clients.map(async (client) => {
        const target = { client, schema: 'read_models', term: null, authenticator: trusting };
        const progress = await progressOf(target);
        const page = await log.readAll({ after: progress.checkpoint.position, maxCount: 100 });
        await applyEvents(target, progress, page, () => undefined);
      }),
    );
    await Promise.all(clients.map((client) => client.end()));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = results.find((result) => result.status === 'rejected');
    expect(refused?.reason).toBeInstanceOf(CheckpointMoved);
    expect(
      await query('select count(*)::int as count from read_models.notices where registry_id = $1', [idOf('d')]),
    ).toEqual([{ count: 1 }]);
  });

  it('reaches the same state if it starts again from nothing', async () => {
    const before = await digestsOfReadModels(database.connectionString);
    await query(`truncate read_models.registries, read_models.leases, read_models.pipeline_uses, read_models.notices,
      read_models.changes, read_models.audit_entries, read_models.audit_heads, read_models.parked_events`);
    await query(`update read_models.checkpoint set position = 0, events = 0`);
    expect(differingTables(before, await digestsOfReadModels(database.connectionString))).not.toEqual([]);
    const replica = start();
    await replica.passed(await log.head());
    await replica.stop();
    expect(differingTables(before, await digestsOfReadModels(database.connectionString))).toEqual([]);
  });

  it('names the rule that a parked event breaks, but no value', async () => {
    const replica = start();
    await query(`alter table read_models.registries add constraint no_such_name check (name <> 'unwanted')`);
    try {
      const { position } = await append(createdEvent('ruled', 1), renamedEvent('ruled', 'unwanted'));
      await replica.passed(position);
      expect(await reasonsOf('ruled')).toEqual([
        'the database refused it: SQLSTATE 23514, constraint no_such_name, table registries',
      ]);
      expect(inspect(replica.faults, { depth: 10 })).not.toContain('unwanted');
    } finally {
      await query('alter table read_models.registries drop constraint no_such_name');
      await replica.stop();
    }
  });

  it('passes the events of others in a shared store, keeps positions of 39 digits, and a rebuild gives the same', async () => {
    const { connectionString } = await createTestDatabase();
    const own = createPostgresEventLog({ connectionString, logger: SILENT });
    const among = logAmongOthers(own);
    const replica = startProjector(connectionString, among);
    try {
      await appendAll(among, createdEvent('s', 1), rotatedEvent('s', 2), unstorableEvent('s'));
      const { position } = await appendAll(among, createdEvent('t', 1));
      expect(await among.head()).toBe(position);
      await replica.passed(position);
      const parked = await withClient(connectionString, async (client) => {
        const { rows } = await client.query('select position::text from read_models.parked_events');
        return rows;
      });
      expect(parked).toEqual([{ position: String((3n << 64n) + 3n) }]);
      const lag = createProjectionLag({ log: among, progress: replica.progress, now: Date.now });
      expect(await lag()).toBe(0);
      // The rest also depends on the vault, where these secrets are not.
      const digests = async () => {
        const { audit_entries, notices, changes, parked_events } = await digestsOfReadModels(connectionString);
        return { audit_entries, notices, changes, parked_events };
      };
      const before = await digests();
      await rebuildReadModels({
        log: among,
        authenticator: trusting,
        connect: ({ pipeline }) => openSession({ connectionString, name: 'rebuild', pipeline }, () => undefined),
      });
      expect(differingTables(before, await digests())).toEqual([]);
      await replica.passed((await appendAll(among, renamedEvent('t', 'later'))).position);
    } finally {
      await replica.stop();
      await own.close();
    }
  });
});
