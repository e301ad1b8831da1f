import type { Metrics } from '../adapters/prometheus/metrics.ts';
import { DuplicateEventId, type EventLog, WrongExpectedRevision } from '../application/ports/event-log.ts';

/** Counts appends that failed. One that the log refused is an answer, not a failure. */
export function meteredEventLog(log: EventLog, metrics: Pick<Metrics, 'appendFailed'>): EventLog {
  return {
    ...log,
    async append(stream, expected, events) {
      try {
        return await log.append(stream, expected, events);
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision || error instanceof DuplicateEventId)) metrics.appendFailed();
        throw error;
      }
    },
  };
}
