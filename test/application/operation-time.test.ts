import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOperationTime } from '../../src/application/operation-time.ts';

const taking = <Result>(ms: number, result: Result) =>
  new Promise<Result>((resolve) => setTimeout(() => resolve(result), ms));

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

describe('the time of an operation', () => {
  it('ends the wait for work, with what is left of it at each step', async () => {
    const time = startOperationTime(1_000);
    const startedAt = performance.now();
    const steps = (async () => {
      expect(await time.limit(taking(600, 'first'))).toBe('first');
      expect(time.leftMs).toBe(400);
      await time.limit(taking(600, 'second'));
    })();
    const refused = expect(steps).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await vi.advanceTimersByTimeAsync(1_000);
    await refused;
    expect(performance.now() - startedAt).toBe(1_000);
    expect(() => time.requireLeft()).toThrow('did not finish this in time');
    await expect(time.limit(taking(1, 'third'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('leaves work a grace after it, to say what happened', async () => {
    const time = startOperationTime(1_000);
    const recorded = time.limit(taking(1_900, 'recorded'), 1_000);
    const late = expect(time.limit(taking(2_100, 'too late'), 1_000)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await recorded).toBe('recorded');
    await late;
  });

  it('does not count what others take, at the same time or one after the other', async () => {
    const time = startOperationTime(1_000);
    const steps = async () => {
      await taking(500, undefined);
      await Promise.all([time.elsewhere(() => taking(20_000, 1)), time.elsewhere(() => taking(30_000, 2))]);
      await time.elsewhere(() => Promise.reject(new Error('refused'))).catch(() => undefined);
      expect(time.leftMs).toBe(500);
      return taking(400, 'done');
    };
    const done = time.limit(steps());
    await vi.advanceTimersByTimeAsync(30_900);
    expect(await done).toBe('done');
    expect(time.leftMs).toBe(100);
  });

  it('goes on when others have answered', async () => {
    const time = startOperationTime(1_000);
    const hung = time.limit(time.elsewhere(() => taking(5_000, undefined)).then(() => new Promise(() => undefined)));
    const refused = expect(hung).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const startedAt = performance.now();
    await vi.advanceTimersByTimeAsync(6_050);
    await refused;
    expect(performance.now() - startedAt).toBeLessThanOrEqual(6_050);
  });
});
