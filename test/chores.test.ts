import { describe, expect, it, vi } from 'vitest';
import { createChores } from '../src/composition/chores.ts';

describe('chores', () => {
  it('run in turn, round after round, even if one fails', async () => {
    const done: string[] = [];
    const faults: unknown[] = [];
    const failing = async () => {
      done.push('failing');
      throw new Error('failed');
    };
    const other = async () => done.push('other');
    const chores = createChores([failing, other], { everyMs: 1, onFault: (error) => faults.push(error) });
    await vi.waitUntil(() => done.length >= 4);
    await chores.stop();
    expect(done.slice(0, 4)).toEqual(['failing', 'other', 'failing', 'other']);
    expect(faults.length).toBeGreaterThanOrEqual(2);
  });

  it('ask before each pause how long it is', async () => {
    let rounds = 0;
    const pauses = [1, 2, 3_600_000];
    const chores = createChores([async () => (rounds += 1)], {
      everyMs: () => pauses.shift() ?? 0,
      onFault: () => undefined,
    });
    await vi.waitUntil(() => pauses.length === 0);
    await chores.stop();
    expect(rounds).toBe(2);
  });

  it('stop by aborting and awaiting the current one, and by starting no other', async () => {
    const done: string[] = [];
    let begun = false;
    const long = (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        begun = true;
        signal.addEventListener('abort', () => {
          done.push('long');
          resolve();
        });
      });
    const chores = createChores([long, async () => done.push('next')], { everyMs: 1, onFault: () => undefined });
    await vi.waitUntil(() => begun);
    await chores.stop();
    expect(done).toEqual(['long']);
  });
});
