import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createKeyedMutex, type KeyedMutex } from '../../src/application/keyed-mutex.ts';
import { startOperationTime } from '../../src/application/operation-time.ts';
import { aCaller } from '../support/use-cases.ts';

/** Runs a task that takes a turn of the event loop, and writes down whose it was. */
function command(mutex: KeyedMutex, order: string[], subject: string, key = 'registry', projectId = 'demo') {
  return mutex.runExclusive({ key, projectId, context: aCaller(subject) }, async () => {
    order.push(`${subject} begins`);
    await turn();
    order.push(`${subject} ends`);
  });
}

describe('commands on one registry', () => {
  it('run one after the other, also after one that failed', async () => {
    const mutex = createKeyedMutex();
    const order: string[] = [];
    const failing = mutex.runExclusive({ key: 'registry', projectId: 'demo', context: aCaller('a') }, async () => {
      await turn();
      throw new Error('failed');
    });
    const following = [command(mutex, order, 'b'), command(mutex, order, 'c')];
    await expect(failing).rejects.toThrow('failed');
    await Promise.all(following);
    expect(order).toEqual(['b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('do not run if their time was over before their turn came, and the next one does', async () => {
    const mutex = createKeyedMutex();
    const order: string[] = [];
    const late = { ...aCaller('late'), time: startOperationTime(0) };
    const refused = mutex.runExclusive({ key: 'registry', projectId: 'demo', context: late }, async () => {
      order.push('late begins');
    });
    const following = command(mutex, order, 'b');
    await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await following;
    expect(order).toEqual(['b begins', 'b ends']);
  });

  it('take turns by caller: a hundred commands of one hold up another by one', async () => {
    const mutex = createKeyedMutex();
    const order: string[] = [];
    const flood = Array.from({ length: 100 }, () => command(mutex, order, 'mallory'));
    await Promise.all([command(mutex, order, 'alice'), command(mutex, order, 'bob')]);
    expect(order.filter((line) => line.endsWith('ends'))).toEqual([
      'mallory ends',
      'mallory ends',
      'alice ends',
      'bob ends',
    ]);
    await Promise.all(flood);
    expect(order).toHaveLength(2 * 102);
  });

  it('are refused once too many of one caller wait in one project', async () => {
    const mutex = createKeyedMutex();
    const order: string[] = [];
    const flood = Array.from({ length: 300 }, (_, index) => command(mutex, order, 'mallory', `registry ${index % 2}`));
    const settled = Promise.allSettled(flood);
    await command(mutex, order, 'alice', 'registry 0');
    await command(mutex, order, 'mallory', 'registry 0', 'another');
    const refused = (await settled).flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    // Two run at once, and two hundred wait.
    expect(refused).toHaveLength(98);
    expect(refused[0]).toMatchObject({ code: 'RATE_LIMITED', details: { retryAfter: 1 } });
    await command(mutex, order, 'mallory');
  });

  it('of different registries do not wait for each other', async () => {
    const mutex = createKeyedMutex();
    const order: string[] = [];
    await Promise.all([command(mutex, order, 'a', 'one'), command(mutex, order, 'b', 'two')]);
    expect(order).toEqual(['a begins', 'b begins', 'a ends', 'b ends']);
  });
});
