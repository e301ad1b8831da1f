import { unavailable } from '../../domain/errors.ts';
import { decodeEvent } from '../../domain/event-codec.ts';
import type { DomainEvent } from '../../domain/events.ts';
import type { EventAuthenticator } from '../ports/event-authenticator.ts';
import type { EventLog, RecordedEvent } from '../ports/event-log.ts';
import type { ProjectionProgress } from '../ports/read-models.ts';

const PAGE = 1_000;
/**
 * Bounds what a command reads into memory, to some 20 MB. A projector that is at work is behind by a few events, and by so
 * many only for some seconds after an outage.
 */
const MAX_UNPROJECTED = 20_000;

export interface UnprojectedEvent {
  readonly event: DomainEvent;
  readonly recorded: RecordedEvent;
}

/**
 * The events that are not projected yet: those that the read models may not have passed, in their order. An event that is
 * not authentic is left out, as the projector leaves it out. Read them before the read models: together these
 * give the present, however far the projector is. A command that decides by it so depends on no other process.
 * @throws PurserError UNAVAILABLE if the read models are too far behind
 */
export type ReadUnprojected = () => Promise<readonly UnprojectedEvent[]>;

export function createReadUnprojected(deps: {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly progress: ProjectionProgress;
  readonly authenticator: Pick<EventAuthenticator, 'isAuthentic'>;
}): ReadUnprojected {
  const { log, progress, authenticator } = deps;

  return async () => {
    const found: UnprojectedEvent[] = [];
    let after = await progress.refresh();
    for (let read = 0; read < MAX_UNPROJECTED; read += PAGE) {
      const { events, position, atEnd } = await log.readAll({ after, maxCount: PAGE });
      found.push(...events.filter(authenticator.isAuthentic).flatMap(readable));
      if (atEnd) return found;
      after = position;
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
