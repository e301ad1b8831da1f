import { LRUCache } from 'lru-cache';
import { rateLimited } from '../../domain/errors.ts';
import { callerKey, type Principal } from '../../domain/permissions.ts';

const WINDOW_MS = 60_000;
/** Callers, by project. One that is forgotten has its whole minute again. */
const REMEMBERED = 10_000;

/** Takes one of the caller's asks for a credential in this project. @throws PurserError RATE_LIMITED */
export type LimitIssues = (caller: Principal, projectId: string) => void;

interface Window {
  readonly startedAt: number;
  asks: number;
}

/**
 * Every ask counts, also one that is refused or gets its run's lease again: a minute has `perMinute` of them, from the
 * first one on. 0 is no limit. It counts in this process, because a count in the database would cost each ask a write.
 */
export function createIssueLimit(perMinute: number, clock = () => performance.now()): LimitIssues {
  const windows = new LRUCache<string, Window>({ max: REMEMBERED });

  return (caller, projectId) => {
    if (perMinute === 0) return;
    const key = JSON.stringify([callerKey(caller), projectId]);
    const now = clock();
    const known = windows.get(key);
    if (known === undefined || now - known.startedAt >= WINDOW_MS) {
      windows.set(key, { startedAt: now, asks: 1 });
      return;
    }
    if (known.asks >= perMinute) {
      throw rateLimited(
        `One caller may ask for at most ${perMinute} credentials of a project in a minute. Wait, or keep what was issued until its lease ends.`,
        (known.startedAt + WINDOW_MS - now) / 1000,
      );
    }
    known.asks += 1;
  };
}
