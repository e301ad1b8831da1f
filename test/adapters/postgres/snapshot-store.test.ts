import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { createReadConnections, type ReadConnections } from '../../../src/adapters/postgres/read-connections.ts';
import { createSnapshotStore } from '../../../src/adapters/postgres/snapshot-store.ts';
import type { SnapshotStore, StoredSnapshot } from '../../../src/application/ports/snapshot-store.ts';
import { createMemorySnapshots } from '../../support/memory-snapshots.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { planOf, remembering } from '../../support/query-plans.ts';

let database: TestDatabase;
let reads: ReadConnections;
beforeAll(async () => {
  database = await createTestDatabase();
  const { connectionString } = database;
  reads = createReadConnections({ connectionString, name: 'test snapshots', connections: 1, logger: SILENT });
});
afterAll(async () => {
  await reads?.close();
  await database?.drop();
});

const snapshot = (revision: number, changes: Partial<StoredSnapshot> = {}): StoredSnapshot => {
  const state = JSON.stringify({ name: `after ${revision} "ü"`, gone: null });
  return { stream: 'a', revision, eventId: randomUUID(), foldVersion: 'this', state, code: '1.code', ...changes };
};

describe.each<[string, () => SnapshotStore]>([
  ['Postgres', () => createSnapshotStore(reads)],
  ['memory', createMemorySnapshots],
])('snapshots in %s', (_where, open) => {
  it('are found by stream and version, the last one up to a revision', async () => {
    const store = open();
    const [fifty, hundred] = [snapshot(50), snapshot(100)];
    for (const each of [fifty, hundred, snapshot(150, { foldVersion: 'older' }), snapshot(200, { stream: 'b' })]) {
      await store.save(each);
    }
    const found = (upTo: number) => store.latest('a', 'this', upTo);
    expect([await found(49), await found(50), await found(99)]).toEqual([undefined, fifty, fifty]);
    expect([await found(100), await found(Number.POSITIVE_INFINITY)]).toEqual([hundred, hundred]);
    expect(await store.latest('c', 'this', 100)).toBeUndefined();
  });

  it('are replaced, and removed', async () => {
    const store = open();
    const older = snapshot(50, { stream: 'r', foldVersion: 'older' });
    const newer = snapshot(50, { stream: 'r' });
    await store.save(older);
    await store.save(newer);
    expect(await store.latest('r', 'older', 50)).toBeUndefined();
    expect(await store.latest('r', 'this', 50)).toEqual(newer);
    await store.remove({ stream: 'r', revision: 50 });
    await store.remove({ stream: 'r', revision: 50 });
    expect(await store.latest('r', 'this', 50)).toBeUndefined();
  });
});

it('one is found without reading the others', async () => {
  await reads.query({
    name: 'many-snapshots',
    text: `insert into projection.stream_snapshots (stream, revision, event_id, fold_version, state, code)
      select 'stream ' || s, 50 * r, gen_random_uuid(), 'this', '{}', '' from generate_series(1, 50) s, generate_series(1, 200) r`,
    values: [],
  });
  await reads.query({ name: 'analyze', text: 'analyze projection.stream_snapshots', values: [] });
  const remembered = remembering(reads);
  expect(await createSnapshotStore(remembered).latest('stream 7', 'this', 5_020)).toMatchObject({ revision: 5_000 });
  const [statement] = remembered.statements;
  if (!statement) throw new Error('nothing was asked');
  expect(await planOf(reads, statement)).toMatchObject({
    indexes: ['stream_snapshots_pkey'],
    readsTable: false,
    rows: 1,
  });
});
