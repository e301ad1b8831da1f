import { PurserError } from '../domain/errors.ts';

/** For work that goes on by itself: the log has the outage already. */
export function unlessUnavailable(error: unknown): void {
  if (!(error instanceof PurserError && error.code === 'UNAVAILABLE')) throw error;
}
