import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openLogWatch, watchedLog } from '../../../src/application/log/log-watch.ts';
import { BEGINNING, type EventLog, type Position } from '../../../src/application/ports/event-log.ts';
import { EventLogUnavailable } from '../../../src/domain/errors.ts';
import { createMemoryEventStore } from '../../support/memory-event-log.ts';
import { createdEvent, METADATA } from '../../support/recorded-events.ts';

/** A log that can be exchanged for another or be away, and read models that have passed all of it. */
function restorable() {
  let log = createMemoryEventStore().open();
  let isAway = false;
  let checkpoint = BEGINNING;
  let told = 0;
  const answered = <Result>(call: () => Promise<Result>): Promise<Result> =>
    isAway ? Promise.reject(new EventLogUnavailable('It is away.')) : call();
  const now: EventLog = {
    ...log,
    append: (...args) => answered(() => log.append(...args)),
    readAll: (options) => answered(() => log.readAll(options)),
    head: () => answered(() => log.head()),
    holds: (head) => answered(() => log.holds(head)),
  };
  const append = (to: EventLog) =>
    to.append('registry-a', 'any', [
      { id: randomUUID(), event: createdEvent('a', 1), occurredAt: new Date().toISOString(), metadata: METADATA },
    ]);
  return {
    log: now,
    append: (to: EventLog = now) => append(to),
    /** To an earlier state: with so many events. */
    async restore(events = 0) {
      const earlier = createMemoryEventStore().open();
      for (let event = 0; event < events; event += 1) await append(earlier);
      log = earlier;
    },
    setAway(away: boolean) {
      isAway = away;
    },
    async project(position?: Position) {
      checkpoint = position ?? (await log.head());
    },
    open: () => openLogWatch({ log: now, readCheckpoint: async () => checkpoint, onOlder: () => (told += 1) }),
    get told() {
      return told;
    },
  };
}

/** With one event, which the read models have passed. */
async function watchedStore() {
  const store = restorable();
  await store.append();
  await store.project();
  const watch = await store.open();
  return { store, watch, log: watchedLog(store.log, watch) };
}

const OLDER = { code: 'UNAVAILABLE', message: expect.stringContaining('purser rebuild') };

describe('the watch over the log', () => {
  it('lets it grow, and lag behind nothing', async () => {
    const store = restorable();
    const watch = await store.open();
    const log = watchedLog(store.log, watch);
    for (let event = 0; event < 3; event += 1) {
      await store.append(log);
      await store.project();
      await watch.look();
    }
    expect(watch.isOlder).toBe(false);
    expect(await store.log.head()).toBe(3n);
  });

  it('finds a log that is older at the start', async () => {
    const store = restorable();
    await store.project(2n as Position);
    const watch = await store.open();
    expect(watch.isOlder).toBe(true);
    expect(() => watch.requireOpen()).toThrow(expect.objectContaining(OLDER));
  });

  it('finds one that is restored later, tells it once, and lets nothing be appended, not even if it grows', async () => {
    const store = restorable();
    await store.append();
    await store.append();
    await store.project();
    const watch = await store.open();
    const log = watchedLog(store.log, watch);
    await store.restore();
    await watch.look();
    await expect(store.append(log)).rejects.toMatchObject(OLDER);
    expect(await store.log.head()).toBe(BEGINNING);
    for (let event = 0; event < 3; event += 1) await store.append();
    await watch.look();
    await expect(store.append(log)).rejects.toMatchObject(OLDER);
    expect(store.told).toBe(1);
  });

  it.each(['before', 'after'])(
    'finds one that lost only what was read since the last look, and projected %s the next one',
    async (when) => {
      const { store, watch, log } = await watchedStore();
      const { position } = await store.append(log);
      expect((await log.readAll({ after: BEGINNING, maxCount: 9 })).events).toHaveLength(2);
      await store.restore(1);
      if (when === 'after') await watch.look();
      await store.project(position);
      await watch.look();
      await expect(store.append(log)).rejects.toMatchObject(OLDER);
      expect(store.told).toBe(1);
    },
  );

  it('looks before an append if the log was away: it may be another one now', async () => {
    const { store, watch, log } = await watchedStore();
    store.setAway(true);
    await expect(watch.look()).rejects.toThrow(EventLogUnavailable);
    await expect(store.append(log)).rejects.toThrow(EventLogUnavailable);
    await store.restore();
    store.setAway(false);
    await expect(store.append(log)).rejects.toMatchObject(OLDER);
    expect(await store.log.head()).toBe(BEGINNING);
  });

  it('goes on after an outage that changed nothing', async () => {
    const { store, watch, log } = await watchedStore();
    store.setAway(true);
    await expect(watch.look()).rejects.toThrow(EventLogUnavailable);
    store.setAway(false);
    await store.append(log);
    expect(await store.log.head()).toBe(2n);
  });

  it('has nothing against a database whose log and read models went back together', async () => {
    const store = restorable();
    await store.append();
    await store.append();
    await store.project();
    const watch = await store.open();
    await store.restore();
    await store.append();
    await store.project();
    await watch.look();
    await store.append(watchedLog(store.log, watch));
    expect(watch.isOlder).toBe(false);
  });

  it('(negative control) is what keeps events out of an older log', async () => {
    const store = restorable();
    await store.append();
    await store.project();
    const watch = await store.open();
    await store.restore();
    await watch.look();
    await store.append();
    expect(await store.log.head()).toBe(1n);
  });
});
