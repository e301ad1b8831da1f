import type { LogPage, Position, RecordedEvent } from '../../../application/ports/event-log.ts';

/** The last events of the log that this process itself wrote, for readers that follow the log closely. */
export interface RecentEvents {
  /** In the order of their positions, after they were committed. */
  add(events: readonly RecordedEvent[]): void;
  /** From one to `maxCount` events after the position, perhaps not the last; undefined if only the log can answer. */
  after(position: Position, maxCount: number): LogPage | undefined;
}

const MAX_EVENTS = 1_024;

/**
 * Spares a leading projector from reading back the events that its own process has just written. Only events without gaps
 * are kept, so that another process's events are never skipped.
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
      const found = events.slice(start, start + maxCount);
      const last = found.at(-1);
      // Another process may have appended since.
      return last && { events: found, position: last.position, atEnd: false };
    },
  };
}
