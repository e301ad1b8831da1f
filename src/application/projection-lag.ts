import type { EventLog } from './ports/event-log.ts';
import type { ProjectionProgress } from './ports/read-models.ts';

/** Measures the age, in seconds, of the oldest event that the read models have not passed; 0 if they have passed all. */
export function createProjectionLag(deps: {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly progress: Pick<ProjectionProgress, 'refresh'>;
  readonly now: () => number;
}): () => Promise<number> {
  return async () => {
    for (let after = await deps.progress.refresh(); ; ) {
      const { events, position, atEnd } = await deps.log.readAll({ after, maxCount: 1 });
      const [oldest] = events;
      if (oldest) return Math.max(deps.now() - Date.parse(oldest.occurredAt), 0) / 1_000;
      if (atEnd) return 0;
      after = position;
    }
  };
}
