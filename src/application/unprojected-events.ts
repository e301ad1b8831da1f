import { unavailable } from '../domain/errors.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { EventLog, RecordedEvent } from './ports/event-log.ts';
import type { ProjectionProgress } from './ports/read-models.ts';

const PAGE = 1_000;
const MAX_PAGES = 20;

export interface UnprojectedEvent {
  readonly event: DomainEvent;
  readonly recorded: RecordedEvent;
}

/**
 * The events that the read models may not have passed, in their order. Read them before the read models: together these
 * give the present, however far the projector is. A command that decides by it so depends on no other process.
 * @throws PurserError UNAVAILABLE if the read models are too far behind
 */
export type ReadUnprojected = () => Promise<readonly UnprojectedEvent[]>;

export function createReadUnprojected(deps: {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly progress: ProjectionProgress;
}): ReadUnprojected {
  return async () => {
    const found: UnprojectedEvent[] = [];
    let after = await deps.progress.refresh();
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const events = await deps.log.readAll({ after, maxCount: PAGE });
      found.push(...events.flatMap(readable));
      const last = events.at(-1);
      if (last === undefined || events.length < PAGE) return found;
      after = last.position;
    }
    throw unavailable('The read models are too far behind the event log. Try again.');
  };
}

/** What this build cannot read, the projector parks. */
function readable(recorded: RecordedEvent): UnprojectedEvent[] {
  try {
    return [{ event: decodeEvent(recorded), recorded }];
  } catch {
    return [];
  }
}
