import { unavailable } from '../domain/errors.ts';
import type { EventLog } from './ports/event-log.ts';

/**
 * Why nothing is written while the log is older than the read models. A command would use numbers and versions again that
 * are taken, and the log would grow until nothing tells any more that its end is another one.
 */
export const LOG_IS_OLDER =
  'The event log is older than the read models, so nothing can be changed. The operator must bring back the right log, or stop the service and run "purser rebuild": see "A log that is older than Postgres" in docs/operations.md.';

/** The log for reading only. @param reason why, for callers */
export function closedLog(log: EventLog, reason: string): EventLog {
  return { ...log, append: () => Promise.reject(unavailable(reason)) };
}
