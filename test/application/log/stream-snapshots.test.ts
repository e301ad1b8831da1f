import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createBackgroundWork } from '../../../src/application/background-work.ts';
import { createAggregateStore } from '../../../src/application/log/aggregate-store.ts';
import { createStreamSnapshots } from '../../../src/application/log/stream-snapshots.ts';
import type { EventAuthenticator } from '../../../src/application/ports/event-authenticator.ts';
import type { EventLog } from '../../../src/application/ports/event-log.ts';
import type { SnapshotStore, StoredSnapshot } from '../../../src/application/ports/snapshot-store.ts';
import { isRegistryEvent } from '../../../src/domain/aggregate-events.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import { registryStream } from '../../../src/domain/identity.ts';
import { someAuthenticator } from '../../support/event-authenticator.ts';
import { createMemoryEventStore } from '../../support/memory-event-log.ts';
import { createMemorySnapshots, type MemorySnapshots } from '../../support/memory-snapshots.ts';
import { createdEvent, idOf, linkedEvent, METADATA, renamedEvent } from '../../support/recorded-events.ts';
import { eventsOf, registrySteps } from '../../support/registry-histories.ts';

const A = registryStream('demo', idOf('a'));
const B = registryStream('demo', idOf('b'));
const EVERY = 3;

interface World {
  readonly log: EventLog;
  readonly store: MemorySnapshots;
  readonly authenticator: EventAuthenticator;
  readonly faults: unknown[];
}

function newWorld(): World {
  return {
    log: createMemoryEventStore().open(),
    store: createMemorySnapshots(),
    authenticator: someAuthenticator(),
    faults: [],
  };
}

/** A replica that has just started. */
function aReplica(
  { log, store, authenticator, faults }: World,
  between: { readonly log?: EventLog; readonly store?: SnapshotStore; readonly foldVersion?: string } = {},
) {
  const onFault = (error: unknown) => void faults.push(error);
  const background = createBackgroundWork({ max: 10, onFault });
  const snapshots = createStreamSnapshots({
    store: between.store ?? store,
    authenticator,
    background,
    onFault,
    foldVersion: between.foldVersion ?? 'this',
  });
  let read = 0;
  const { readStream } = between.log ?? log;
  const aggregates = createAggregateStore(
    {
      async readStream(...asked) {
        const events = await readStream(...asked);
        read += events.length;
        return events;
      },
    },
    { snapshots, snapshotEvery: EVERY },
  );
  return { ...aggregates, read: () => read, kept: () => background.settled(10_000) };
}

async function append({ log }: World, stream: string, ...events: readonly DomainEvent[]): Promise<void> {
  const before = await log.readStream(stream, { fromRevision: 0, maxCount: 1_000 });
  let expected: number | 'no-stream' = before.at(-1)?.revision ?? 'no-stream';
  for (const event of events) {
    const toAppend = { id: randomUUID(), event, occurredAt: '2026-03-01T12:00:00.000Z', metadata: METADATA };
    ({ revision: expected } = await log.append(stream, expected, [toAppend]));
  }
}

/** Two streams of ten events, with snapshots at the revisions 3, 6 and 9 of both. */
async function withSnapshots(): Promise<World> {
  const world = newWorld();
  const replica = aReplica(world);
  for (const [registry, stream] of [
    ['a', A],
    ['b', B],
  ] as const) {
    await append(world, stream, createdEvent(registry, 1));
    for (let number = 1; number < 10; number += 1) {
      await append(world, stream, renamedEvent(registry, `${registry} ${number}`));
      await replica.loadRegistry('demo', idOf(registry));
      await replica.kept();
    }
  }
  expect([...world.store.all.values()].map(({ stream, revision }) => `${stream} ${revision}`)).toEqual(
    [A, B].flatMap((stream) => [3, 6, 9].map((revision) => `${stream} ${revision}`)),
  );
  return world;
}

const named = (name: string) => ({ state: { name }, revision: 9 });

it('folding on from any snapshot gives what folding from the first event gives', async () => {
  await fc.assert(
    fc.asyncProperty(registrySteps, async (steps) => {
      const world = newWorld();
      const warm = aReplica(world);
      const events = eventsOf(steps).filter(
        (event) => isRegistryEvent(event) && 'registryId' in event.data && event.data.registryId === idOf('a'),
      );
      for (const [revision, event] of events.entries()) {
        await append(world, A, event);
        const folded = await createAggregateStore(world.log).loadRegistry('demo', idOf('a'));
        expect(await warm.loadRegistry('demo', idOf('a'))).toStrictEqual(folded);
        await warm.kept();
        const cold = aReplica(world);
        expect(await cold.loadRegistry('demo', idOf('a'))).toMatchObject({ revision });
        expect((await cold.loadRegistry('demo', idOf('a'))).state).toStrictEqual(folded.state);
        expect(cold.read()).toBeLessThanOrEqual(2 * EVERY);
      }
      for (const revision of events.keys()) {
        const at = await createAggregateStore(world.log).registryAt('demo', idOf('a'), revision);
        expect(await aReplica(world).registryAt('demo', idOf('a'), revision)).toStrictEqual(at);
      }
      expect(world.faults).toEqual([]);
    }),
    { numRuns: 8 },
  );
});

/** What somebody who can write to the database, but has not the key, can put in place of the snapshot at 9. */
const FORGERIES: Record<string, (genuine: StoredSnapshot, world: World) => Partial<StoredSnapshot>> = {
  'another state': ({ state }) => ({ state: state.replace('"a 9"', '"forged"') }),
  'the state of an earlier event': (_genuine, { store }) => ({ ...store.all.get(`6 ${A}`), revision: 9 }),
  'the state of another stream': (_genuine, { store }) => ({ ...store.all.get(`9 ${B}`), stream: A }),
  'the state of another version': (genuine, { authenticator }) => {
    const { stream, revision, eventId, state } = genuine;
    const text = JSON.stringify([stream, revision, eventId, 'older', state]);
    return { code: authenticator.signText({ purpose: 'stream snapshot', text }) };
  },
  'another event': () => ({ eventId: randomUUID() }),
  'a code for something else': ({ stream, revision, eventId, foldVersion, state }, { authenticator }) => {
    const text = JSON.stringify([stream, revision, eventId, foldVersion, state]);
    return { code: authenticator.signText({ purpose: 'queued notice', text }) };
  },
  'a code by another key': ({ stream, revision, eventId, foldVersion, state }) => {
    const text = JSON.stringify([stream, revision, eventId, foldVersion, state]);
    return { code: someAuthenticator().signText({ purpose: 'stream snapshot', text }) };
  },
  'no code': () => ({ code: '' }),
};

it.each(Object.entries(FORGERIES))('a snapshot that was forged is not used: %s', async (_what, forge) => {
  const world = await withSnapshots();
  const genuine = world.store.all.get(`9 ${A}`);
  if (!genuine) throw new Error('there must be a snapshot to forge');
  world.store.all.set(`9 ${A}`, { ...genuine, ...forge(genuine, world) });
  const first = aReplica(world);
  expect(await first.loadRegistry('demo', idOf('a'))).toMatchObject(named('a 9'));
  await first.kept();
  expect(world.faults.map(String)).toEqual([
    `UnauthenticSnapshot: the snapshot of revision 9 of the stream ${A} was not made by Purser, or was changed since: it was removed, and the stream's events were read`,
  ]);
  // The events gave a new one in its place.
  expect(world.store.all.get(`9 ${A}`)?.state).toBe(genuine.state);
  const next = aReplica(world);
  expect(await next.loadRegistry('demo', idOf('a'))).toMatchObject(named('a 9'));
  expect(next.read()).toBeLessThanOrEqual(2 * EVERY);
  expect(world.faults).toHaveLength(1);
});

it('a snapshot of another version of the folds is not looked at', async () => {
  const world = await withSnapshots();
  const newer = aReplica(world, { foldVersion: 'newer' });
  expect(await newer.loadRegistry('demo', idOf('a'))).toMatchObject(named('a 9'));
  await newer.kept();
  expect(newer.read()).toBe(10);
  expect([6, 9].map((revision) => world.store.all.get(`${revision} ${A}`)?.foldVersion)).toEqual(['this', 'newer']);
  // While both versions run, the older one goes on from what is left.
  expect(await aReplica(world).loadRegistry('demo', idOf('a'))).toMatchObject(named('a 9'));
  expect(world.faults).toEqual([]);
});

it('a snapshot of events that the log has lost is not used', async () => {
  const world = await withSnapshots();
  const lost: EventLog = {
    ...world.log,
    readStream: async (...asked) => (await world.log.readStream(...asked)).filter(({ revision }) => revision < 8),
  };
  const replica = aReplica(world, { log: lost });
  expect(await replica.loadRegistry('demo', idOf('a'))).toMatchObject({ state: { name: 'a 7' }, revision: 7 });
  expect([...world.store.all.keys()]).not.toContain(`9 ${A}`);
  expect(await aReplica(world, { log: lost }).loadRegistry('demo', idOf('a'))).toMatchObject({ revision: 7 });
});

it('a state whose events the log has lost is not kept, however many came since, and is folded anew', async () => {
  const [world, other] = [newWorld(), newWorld()];
  const renames = Array.from({ length: 7 }, (_none, n) => renamedEvent('a', `name ${n + 1}`));
  await append(world, A, createdEvent('a', 1), ...renames);
  const links = ['w', 'x', 'y', 'z'].map((pipeline) => linkedEvent('a', pipeline));
  await append(other, A, createdEvent('a', 1), ...renames.slice(0, 5), ...links);
  const all = { fromRevision: 0, maxCount: 100 };
  const before = await world.log.readStream(A, all);
  const after = [...before.slice(0, 6), ...(await other.log.readStream(A, all)).slice(6)];
  let events = before;
  const log: EventLog = {
    ...world.log,
    readStream: async (_, { fromRevision, maxCount }) => events.slice(fromRevision).slice(0, maxCount),
  };
  const replica = aReplica(world, { log });
  expect(await replica.loadRegistry('demo', idOf('a'))).toMatchObject({ state: { name: 'name 7' }, revision: 7 });
  await replica.kept();
  events = after;
  for (const each of [replica, aReplica(world, { log })]) {
    expect(await each.loadRegistry('demo', idOf('a'))).toMatchObject(named('name 5'));
    await each.kept();
  }
});

it('a process that was killed before it kept a snapshot leaves that to the next one', async () => {
  const world = newWorld();
  await append(
    world,
    A,
    createdEvent('a', 1),
    ...Array.from({ length: 9 }, (_none, n) => renamedEvent('a', `a ${n + 1}`)),
  );
  const killed = aReplica(world, { store: { ...world.store, save: () => new Promise(() => undefined) } });
  expect(await killed.loadRegistry('demo', idOf('a'))).toMatchObject(named('a 9'));
  expect(world.store.all.size).toBe(0);
  const second = aReplica(world);
  expect(await second.loadRegistry('demo', idOf('a'))).toMatchObject(named('a 9'));
  await second.kept();
  expect([...world.store.all.keys()]).toEqual([`9 ${A}`]);
  const next = aReplica(world);
  expect(await next.loadRegistry('demo', idOf('a'))).toMatchObject(named('a 9'));
  expect(next.read()).toBeLessThanOrEqual(2 * EVERY);
});

it('a store that fails makes loads longer, and nothing else', async () => {
  const world = await withSnapshots();
  const failing = async () => Promise.reject(new Error('no table'));
  const replica = aReplica(world, { store: { latest: failing, save: failing, remove: failing } });
  expect(await replica.loadRegistry('demo', idOf('a'))).toMatchObject(named('a 9'));
  await replica.kept();
  expect(world.faults.map(String)).toEqual(['Error: no table', 'Error: no table']);
});
