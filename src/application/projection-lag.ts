import type { EventLog } from './ports/event-log.ts';
import type { ProjectionProgress } from './ports/read-models.ts';

/** Measures the age, in seconds, of the oldest event that the read models have not passed; 0 if they have passed all. */
export function createProjectionLag(deps: {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly progress: Pick<ProjectionProgress, 'refresh'>;
  readonly now: () => number;
}): () => Promise<number> {
  return async () => {
    const [oldest] = await deps.log.readAll({ after: await deps.progress.refresh(), maxCount: 1 });
    return oldest ? Math.max(deps.now() - Date.parse(oldest.occurredAt), 0) / 1_000 : 0;
  };
}
