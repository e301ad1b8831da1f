import { expect, it } from 'vitest';
import type { Application } from '../../src/application/create-application.ts';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { callerMetadata } from '../../src/application/request-context.ts';
import { EventLogUnavailable } from '../../src/domain/errors.ts';
import { registryId, registryStream } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from '../support/canary.ts';
import { renamedEvent } from '../support/recorded-events.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../support/use-cases.ts';

const ID = registryId(PROJECT, 'registry.example');
const STREAM = registryStream(PROJECT, ID);
const SHORT = 10;
const LONG = 10_010;
/** A snapshot is due at its next event. */
const WITH_SNAPSHOT = 10_000;
/** Where only the order of magnitude matters. */
const SEVERAL_PAGES = 1_200;
const password = new Secret(canary('password'));

interface CountingReplica {
  readonly application: Application;
  /** How many events, and how many pages of them, the work read from streams. */
  reads(work: () => Promise<unknown>): Promise<{ readonly events: number; readonly pages: number }>;
}

function countingReplica(world: World): CountingReplica {
  const read = { events: 0, pages: 0 };
  const application = world.replica((log) => ({
    ...log,
    async readStream(stream, options) {
      const events = await log.readStream(stream, options);
      read.events += events.length;
      read.pages += 1;
      return events;
    },
  }));
  return {
    application,
    async reads(work) {
      Object.assign(read, { events: 0, pages: 0 });
      await work();
      return { ...read };
    },
  };
}

/** A registry whose stream has so many events. */
async function withStreamOf(events: number): Promise<World> {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password }));
  await rename(world, events - 1);
  return world;
}

/** By the writer itself, because thousands of commands take long. */
async function rename({ writer, events: all }: World, times: number): Promise<void> {
  let expected = all.findLast(({ stream }) => stream === STREAM)?.revision ?? 0;
  const metadata = callerMetadata(aCaller('bob'), PROJECT);
  for (let left = times; left > 0; left -= 100) {
    const events = Array.from({ length: Math.min(left, 100) }, (_none, at) => renamedEvent('a', `name ${left - at}`));
    ({ revision: expected } = await writer.append({ stream: STREAM, expected, events, metadata }));
  }
}

const renameWith = (idempotencyKey: string, name = 'renamed') => command.update({ name, idempotencyKey });

it('an update costs as much on a long stream as on a short one, with what is remembered and without', async () => {
  const costs = [];
  for (const length of [SHORT, LONG, WITH_SNAPSHOT]) {
    const world = await withStreamOf(length);
    const running = countingReplica(world);
    await running.application.updateRegistry(aCaller(), PROJECT, ID, renameWith('warm'));
    const update = ({ application, reads }: CountingReplica, key: string | undefined) =>
      reads(() =>
        application.updateRegistry(aCaller(), PROJECT, ID, command.update({ name: `${key}`, idempotencyKey: key })),
      );
    const warm = [await update(running, 'k'), await update(running, undefined)];
    await world.settled();
    const cold = [await update(countingReplica(world), 'l'), await update(countingReplica(world), undefined)];
    const repeated = await update(countingReplica(world), 'k');
    costs.push({ warm, cold, repeated });
  }
  const [short, long, withSnapshot] = costs;
  expect(long?.warm).toEqual(short?.warm);
  // Once in fifty events the one that was remembered is read again, before a snapshot is made of it.
  const [first, second] = short?.warm ?? [];
  expect(withSnapshot?.warm).toEqual([{ events: (first?.events ?? 0) + 1, pages: (first?.pages ?? 0) + 1 }, second]);
  for (const { events } of short?.warm ?? []) expect(events).toBeLessThanOrEqual(2);
  // Of a registry that is not in memory fifty events before its snapshot is looked for, that of the snapshot, and fewer
  // than fifty after it. A repeated command needs its state as it is and as it was.
  for (const cold of long?.cold ?? []) expect(cold.events).toBeLessThanOrEqual(105);
  expect(long?.repeated.events).toBeLessThanOrEqual(210);
});

it('a repeated command finds its event behind thousands of others, and answers as at first', async () => {
  const world = await withStreamOf(SHORT);
  const { application } = world;
  const first = await application.updateRegistry(aCaller(), PROJECT, ID, renameWith('k'));
  await rename(world, SEVERAL_PAGES);
  const before = world.events.length;
  expect(await application.updateRegistry(aCaller(), PROJECT, ID, renameWith('k'))).toEqual(first);
  expect(await world.replica().updateRegistry(aCaller(), PROJECT, ID, renameWith('k'))).toEqual(first);
  expect(world.events).toHaveLength(before);
});

it('a command that crashed behind its claim does not search the whole stream with each repetition', async () => {
  const world = await withStreamOf(SHORT);
  const update = command.update({ name: 'renamed', expectedRevision: SHORT - 1, idempotencyKey: 'k' });
  const crashed = world.replica(dyingBefore(STREAM)).updateRegistry(aCaller(), PROJECT, ID, update);
  await expect(crashed).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await rename(world, SEVERAL_PAGES);

  const { application, reads } = countingReplica(world);
  await application.issueCredential(aCaller(), PROJECT, command.issue());
  const repeat = () =>
    reads(() =>
      expect(application.updateRegistry(aCaller(), PROJECT, ID, update)).rejects.toMatchObject({
        code: 'REVISION_CONFLICT',
      }),
    );
  expect((await repeat()).events).toBeGreaterThan(SEVERAL_PAGES);
  expect(world.eventsOf('IdempotencyKeyClaimed')).toMatchObject([
    { revision: 0, data: { targetRevision: SHORT - 1 } },
    { revision: 1, data: { targetRevision: SHORT + SEVERAL_PAGES - 1 } },
  ]);
  // The key's two claims, and a page of what came since the revision that it expected.
  expect((await repeat()).events).toBeLessThan(100);
});

it('a change of an old revision is refused by the first change since, without reading the rest', async () => {
  const world = await withStreamOf(SEVERAL_PAGES);
  const { application, reads } = countingReplica(world);
  await application.issueCredential(aCaller(), PROJECT, command.issue());
  const { pages } = await reads(async () => {
    const stale = application.updateRegistry(
      aCaller(),
      PROJECT,
      ID,
      command.update({ name: 'x', expectedRevision: 1 }),
    );
    await expect(stale).rejects.toMatchObject({ code: 'REVISION_CONFLICT' });
  });
  // The events since the state that it remembers, and one page of those since the revision.
  expect(pages).toBe(2);
});

/** The log dies before the first append to the stream, so its outcome is unknown. */
function dyingBefore(meant: string): (log: EventLog) => EventLog {
  let isAlive = true;
  return (log) => ({
    ...log,
    async append(stream, expected, events) {
      if (!isAlive || stream !== meant) return log.append(stream, expected, events);
      isAlive = false;
      throw new EventLogUnavailable('The log does not answer.');
    },
  });
}
