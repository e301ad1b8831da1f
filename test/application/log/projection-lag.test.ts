import { expect, it, vi } from 'vitest';
import { createProjectionLag } from '../../../src/application/log/projection-lag.ts';
import { BEGINNING, type LogPage, type Position } from '../../../src/application/ports/event-log.ts';
import { anEvent, aStream } from '../../support/events.ts';
import { createMemoryEventStore } from '../../support/memory-event-log.ts';

const at = (position: bigint) => position as Position;

it('is read once for all who ask at the same time', async () => {
  const log = createMemoryEventStore().open();
  const readAll = vi.fn(log.readAll);
  const lag = createProjectionLag({ log: { readAll }, progress: { refresh: async () => BEGINNING }, now: Date.now });
  expect(await Promise.all(Array.from({ length: 50 }, lag))).toEqual(Array.from({ length: 50 }, () => 0));
  expect(readAll).toHaveBeenCalledTimes(1);
});

it('is not read again from where nothing was found, and from the beginning if the read models begin anew', async () => {
  const pages: Record<string, LogPage> = {
    '1': { events: [], position: at(1_000n), atEnd: false },
    '1000': { events: [], position: at(2_000n), atEnd: true },
    '2000': { events: [], position: at(2_000n), atEnd: true },
  };
  const after: bigint[] = [];
  let passed = at(1n);
  const lag = createProjectionLag({
    log: {
      readAll: async (options) => {
        after.push(options.after);
        return pages[String(options.after)] ?? { events: [], position: options.after, atEnd: true };
      },
    },
    progress: { refresh: async () => passed },
    now: Date.now,
  });
  for (const position of [1n, 1n, 1_500n, 2_000n, 3_000n, 0n]) {
    passed = at(position);
    expect(await lag()).toBe(0);
  }
  expect(after).toEqual([1n, 1_000n, 2_000n, 2_000n, 2_000n, 3_000n, 0n]);
});

it('is the age of the oldest event that was not passed, however often it is asked', async () => {
  const log = createMemoryEventStore().open();
  const first = await log.append(aStream(), 'no-stream', [{ ...anEvent(), occurredAt: '2026-01-01T00:00:00.000Z' }]);
  await log.append(aStream(), 'no-stream', [{ ...anEvent(), occurredAt: '2026-01-01T00:00:30.000Z' }]);
  let passed = BEGINNING;
  const now = () => Date.parse('2026-01-01T00:01:00.000Z');
  const lag = createProjectionLag({ log, progress: { refresh: async () => passed }, now });
  expect([await lag(), await lag()]).toEqual([60, 60]);
  passed = first.position;
  expect([await lag(), await lag()]).toEqual([30, 30]);
});
