import { LRUCache } from 'lru-cache';

const REMEMBERED = 10_000;

/**
 * What a caller may do so often a minute, in this process. The function takes one of its turns, and returns the seconds
 * until there is one, 0 if there was one.
 * @param clock milliseconds since any moment
 */
export function createBudgets(aMinute: number, clock: () => number): (caller: string) => number {
  const budgets = new LRUCache<string, { left: number; at: number }>({ max: REMEMBERED });
  return (caller) => {
    const now = clock();
    const known = budgets.get(caller) ?? { left: aMinute, at: now };
    const left = Math.min(aMinute, known.left + ((now - known.at) / 60_000) * aMinute);
    const taken = left >= 1;
    budgets.set(caller, { left: taken ? left - 1 : left, at: now });
    return taken ? 0 : ((1 - left) / aMinute) * 60;
  };
}
