import type { Position, RecordedEvent } from '../../../application/ports/event-log.ts';

/** The last events of the log, as far as this process wrote them itself, for those who follow the log closely. */
export interface RecentEvents {
  /** In the order of their positions, after they were committed. */
  add(events: readonly RecordedEvent[]): void;
  /** What comes after the position, from one to `maxCount` events; undefined where only the log can tell. */
  after(position: Position, maxCount: number): RecordedEvent[] | undefined;
}

const MAX_EVENTS = 1_024;

/**
 * A projector that leads would read back what the same process has just written. Only events without a gap between them
 * are kept, so that what another process wrote is never passed over.
 */
export function createRecentEvents(): RecentEvents {
  let events: RecordedEvent[] = [];

  return {
    add(added) {
      const [first] = added;
      const last = events.at(-1);
      if (first === undefined) return;
      if (last !== undefined && first.position !== last.position + 1n) events = [];
      events.push(...added);
      if (events.length > 2 * MAX_EVENTS) events = events.slice(-MAX_EVENTS);
    },
    after(position, maxCount) {
      const first = events[0];
      if (first === undefined || position < first.position - 1n) return undefined;
      const start = Number(position - first.position) + 1;
      return start < events.length ? events.slice(start, start + maxCount) : undefined;
    },
  };
}
