import type { EventLog, Position } from '../ports/event-log.ts';

const PAGE = 500;

/** Where nothing is left to read. A store may also hold what is not of this log, and the read models have passed that. */
export async function endOfLog(log: Pick<EventLog, 'head' | 'readAll'>): Promise<Position> {
  for (let after = await log.head(); ; ) {
    const { position, atEnd } = await log.readAll({ after, maxCount: PAGE });
    if (atEnd) return position;
    after = position;
  }
}
