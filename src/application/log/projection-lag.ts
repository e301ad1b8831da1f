import { createSharedRead } from '../../domain/shared-read.ts';
import { BEGINNING, type EventLog } from '../ports/event-log.ts';
import type { ProjectionProgress } from '../ports/read-models.ts';

/**
 * Measures the age, in seconds, of the oldest event that the read models have not passed; 0 if they have passed all. However
 * many ask, one reads at a time, and what was looked through in vain is not read again.
 */
export function createProjectionLag(deps: {
  readonly log: Pick<EventLog, 'readAll'>;
  readonly progress: Pick<ProjectionProgress, 'refresh'>;
  readonly now: () => number;
}): () => Promise<number> {
  /** No event of the log comes after `from`, up to `to`. */
  let empty = { from: BEGINNING, to: BEGINNING };

  return createSharedRead(async () => {
    const from = await deps.progress.refresh();
    // A rebuild begins before it.
    if (from < empty.from || from > empty.to) empty = { from, to: from };
    for (;;) {
      const { events, position, atEnd } = await deps.log.readAll({ after: empty.to, maxCount: 1 });
      const [oldest] = events;
      if (oldest) return Math.max(deps.now() - Date.parse(oldest.occurredAt), 0) / 1_000;
      empty = { ...empty, to: position };
      if (atEnd) return 0;
    }
  });
}
