import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresEventLog } from '../../../src/adapters/postgres/event-log.ts';
import { SILENT } from '../../../src/adapters/postgres/log.ts';
import { foldBatch, type ProjectionMemory } from '../../../src/adapters/postgres/projections/fold-batch.ts';
import { createProgress, type TrackedProgress } from '../../../src/adapters/postgres/projections/progress.ts';
import { createProjector, type Projector } from '../../../src/adapters/postgres/projections/projector.ts';
import { CheckpointMoved, createReadModelStore } from '../../../src/adapters/postgres/projections/read-model-store.ts';
import { BEGINNING, type EventLog } from '../../../src/application/ports/event-log.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { registryStream } from '../../../src/domain/identity.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { digestsOfReadModels, projectorClient } from '../../support/read-models.ts';
import { createdEvent, idOf, METADATA, renamedEvent, rotatedEvent } from '../../support/recorded-events.ts';
import { withClient } from '../../support/server-databases.ts';

let database: TestDatabase;
let log: EventLog;
beforeAll(async () => {
  database = await createTestDatabase();
  log = createPostgresEventLog({ connectionString: database.connectionString, log: SILENT });
});
afterAll(() => log.close());

async function append(registry: string, ...events: DomainEvent[]) {
  const [first, ...others] = events.map((event) => ({
    id: randomUUID(),
    event,
    occurredAt: new Date().toISOString(),
    metadata: METADATA,
  }));
  if (!first) throw new Error('nothing to append');
  return log.append(registryStream(idOf(registry)), 'any', [first, ...others]);
}

interface Running {
  readonly projector: Projector;
  readonly progress: TrackedProgress;
  readonly faults: unknown[];
  stop(): Promise<void>;
}

function start(): Running {
  const faults: unknown[] = [];
  const { connectionString } = database;
  const readCheckpoint = async () => {
    const client = await projectorClient(connectionString);
    try {
      return (await createReadModelStore(client, 'read_models').checkpoint()).position;
    } finally {
      await client.end();
    }
  };
  const progress = createProgress({ readCheckpoint, timeoutMs: 10_000 }, BEGINNING);
  const projector = createProjector({
    log,
    progress,
    connect: () => projectorClient(connectionString),
    onFault: (error) => faults.push(error),
  });
  projector.start();
  return {
    projector,
    progress,
    faults,
    async stop() {
      await projector.stop();
      progress.stop();
    },
  };
}

async function query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return withClient(database.connectionString, async (client) => (await client.query(text, values)).rows as Row[]);
}

const nameOf = async (registry: string) =>
  (await query<{ name: string }>('select name from read_models.registries where id = $1', [idOf(registry)]))[0]?.name;

describe('the projector', () => {
  it('leads in one replica, and another takes over when its connection is lost', async () => {
    const replicas = [start(), start()];
    const leaders = () => replicas.filter(({ projector }) => projector.leading);
    await expect.poll(() => leaders().length).toBe(1);
    await replicas[0]?.progress.waitFor((await append('a', createdEvent('a', 1))).position);
    const lost = leaders()[0];
    await query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (
         select oid from pg_database where datname = current_database()) and granted`,
    );
    await expect.poll(() => lost?.projector.leading || leaders().length === 1, { timeout: 10_000 }).toBe(true);
    const { position } = await append('a', renamedEvent('a', 'after the change of lead'));
    await Promise.all(replicas.map(({ progress }) => progress.waitFor(position)));
    expect(await nameOf('a')).toBe('after the change of lead');
    expect(leaders()).toHaveLength(1);
    await Promise.all(replicas.map((replica) => replica.stop()));
  });

  it('parks a stream whose event the database refuses, says so, and goes on with the others', async () => {
    const replica = start();
    await replica.progress.waitFor((await append('b', createdEvent('b', 1))).position);
    await append('b', renamedEvent('b', 'applied'), {
      type: 'RegistryUpdated',
      data: { registryId: idOf('b'), changes: { rotateEveryDays: 2 ** 40 }, expiry: null, credential: null },
    });
    await append('b', renamedEvent('b', 'never seen'));
    const { position } = await append('c', createdEvent('c', 1));
    await replica.progress.waitFor(position);
    expect(await nameOf('b')).toBe('applied');
    expect(await nameOf('c')).toBe('c');
    expect(replica.projector.parkedStreams).toBe(1);
    expect(replica.faults.length).toBeGreaterThan(0);
    const parked = await query<{ stream: string }>('select stream from read_models.parked_events');
    expect(parked).toEqual([{ stream: registryStream(idOf('b')) }, { stream: registryStream(idOf('b')) }]);
    const audited = await query<{ count: number }>(
      'select count(*)::int as count from read_models.audit_entries union all select position::int from log.head',
    );
    expect(audited[0]).toEqual(audited[1]);
    await replica.stop();
  });

  it('applies every event once, whoever was quicker: the checkpoint refuses the second', async () => {
    await append('d', createdEvent('d', 1), rotatedEvent('d', 2));
    const clients = await Promise.all([1, 2].map(() => projectorClient(database.connectionString)));
    const results = await Promise.allSettled(
      clients.map(async (client) => {
        const store = createReadModelStore(client, 'read_models');
        const checkpoint = await store.checkpoint();
        const events = await log.readAll({ after: checkpoint.position, maxCount: 100 });
        const memory: ProjectionMemory = {
          registries: new Map(),
          activeLeases: new Map(),
          auditHeads: new Map(),
          parkedStreams: new Set(await store.parkedStreams()),
          noticeSequence: checkpoint.noticeSequence,
          changeSequence: checkpoint.changeSequence,
        };
        await store.recall(memory, events);
        const changes = foldBatch(memory, events);
        const { noticeSequence, changeSequence } = memory;
        const position = events.at(-1)?.position ?? checkpoint.position;
        await store.write(changes, checkpoint.position, { position, noticeSequence, changeSequence });
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

  it('comes to the same state when it begins again from nothing', async () => {
    const before = await digestsOfReadModels(database.connectionString);
    await query(`truncate read_models.registries, read_models.leases, read_models.pipeline_uses, read_models.notices,
      read_models.changes, read_models.audit_entries, read_models.audit_heads, read_models.parked_events`);
    await query('update read_models.checkpoint set position = 0, notice_sequence = 0, change_sequence = 0');
    expect(await digestsOfReadModels(database.connectionString)).not.toEqual(before);
    const replica = start();
    await replica.progress.waitFor(await log.head());
    await replica.stop();
    expect(await digestsOfReadModels(database.connectionString)).toEqual(before);
  });
});
