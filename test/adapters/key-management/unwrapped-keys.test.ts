import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createUnwrappedKeys } from '../../../src/adapters/key-management/unwrapped-keys.ts';

const KEY = Buffer.alloc(32, 7);
const ZEROES = Buffer.alloc(32);

describe('unwrapped data keys', () => {
  it('are zeroed when their time is over, although nobody asks', async () => {
    const keys = createUnwrappedKeys({ ttlMs: 30 });
    const held = Buffer.from(KEY);
    await keys.get('a', async () => held);
    expect(held).toEqual(KEY);
    await expect.poll(() => held).toEqual(ZEROES);
    expect(keys.size).toBe(0);
  });

  it('are zeroed when there are too many, and at the end', async () => {
    const keys = createUnwrappedKeys({ max: 2 });
    const held = Array.from({ length: 3 }, () => Buffer.from(KEY));
    for (const [index, key] of held.entries()) await keys.get(String(index), async () => key);
    expect(held).toEqual([ZEROES, KEY, KEY]);
    keys.clear();
    expect(held).toEqual([ZEROES, ZEROES, ZEROES]);
  });

  it('are given out as copies, so that a caller who zeroes one harms nobody', async () => {
    const keys = createUnwrappedKeys();
    const copies = await Promise.all([1, 2, 3].map(() => keys.get('a', async () => Buffer.from(KEY))));
    copies[0]?.fill(0);
    expect([...copies.slice(1), await keys.get('a', () => Promise.reject(new Error('not asked')))]).toEqual([
      KEY,
      KEY,
      KEY,
    ]);
  });

  it('are not held if they do not come, and the next one who asks tries again', async () => {
    const keys = createUnwrappedKeys();
    const failing = () => delay(5).then(() => Promise.reject(new Error('outage')));
    const outcomes = await Promise.allSettled([keys.get('a', failing), keys.get('a', failing)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await keys.get('a', async () => Buffer.from(KEY))).toEqual(KEY);
  });
});
