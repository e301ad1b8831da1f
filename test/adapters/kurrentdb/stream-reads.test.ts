import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { shareStreamReads } from '../../../src/adapters/kurrentdb/stream-reads.ts';
import { EventLogUnavailable } from '../../../src/domain/errors.ts';
import { createGate } from '../../support/gate.ts';

const FIRST_PAGE = { fromRevision: 0, maxCount: 50 };

it('a hundred who read the same share two reads, and none gets one that began before it asked', async () => {
  const gate = createGate();
  let begun = 0;
  const read = shareStreamReads(async () => {
    begun += 1;
    await gate.pass();
    return [];
  });
  const first = read('registry-1', FIRST_PAGE);
  await delay(1);
  const others = Array.from({ length: 99 }, () => read('registry-1', FIRST_PAGE));
  expect(begun).toBe(1);
  gate.open();
  await Promise.all([first, ...others]);
  expect(begun).toBe(2);
});

it('other streams, other places and later reads are read for themselves', async () => {
  const asked: unknown[] = [];
  const read = shareStreamReads(async (stream, options) => {
    asked.push([stream, options]);
    return [];
  });
  await Promise.all([read('a', FIRST_PAGE), read('b', FIRST_PAGE), read('a', { ...FIRST_PAGE, fromRevision: 1 })]);
  await read('a', FIRST_PAGE);
  expect(asked).toHaveLength(4);
});

it('a read without an answer fails those who share it, and keeps the next one back for no more than a moment', async () => {
  const failed = new EventLogUnavailable('The event store did not answer in time.');
  let reads = 0;
  const gate = createGate();
  const read = shareStreamReads(async () => {
    reads += 1;
    if (reads > 1) return [];
    await gate.pass();
    throw failed;
  });
  const first = read('a', FIRST_PAGE);
  await delay(1);
  // It would wait for the gate, which is closed.
  expect(await read('a', FIRST_PAGE)).toEqual([]);
  gate.open();
  await expect(first).rejects.toBe(failed);
  expect(await read('a', FIRST_PAGE)).toEqual([]);
});
