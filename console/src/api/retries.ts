import { ApiError, hasCode, OfflineError } from './errors.ts';

const MOST_RETRIES = 3;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8_000;
/** A service that asks for more than this gets the person to decide. */
const LONGEST_WAIT_S = 10;

/** Whether a query is worth sending again by itself: only where the next answer may be another. */
export function isWorthRetrying(failures: number, error: unknown): boolean {
  if (failures >= MOST_RETRIES) return false;
  if (error instanceof OfflineError) return true;
  if (hasCode(error, 'UNAVAILABLE')) return true;
  return hasCode(error, 'RATE_LIMITED') && (error.retryAfter ?? 1) <= LONGEST_WAIT_S;
}

/** Milliseconds before the next try: what the service asks for, else twice as long each time, up to a quarter more by chance. */
export function retryDelay(failures: number, error: unknown, random: () => number = Math.random): number {
  const asked = error instanceof ApiError ? error.retryAfter : undefined;
  const delay =
    asked === undefined ? Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, failures)) : asked * 1000;
  return delay * (1 + random() / 4);
}
