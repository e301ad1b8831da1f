import type { Client } from 'pg';
import type { EventLog, Position } from '../../../application/ports/event-log.ts';
import { EVENT_COLUMNS, type EventRow, recordedEvent } from './event-rows.ts';

/** Some projects: those whose bucket leaves `index` when it is divided by `of`. */
export interface Part {
  readonly index: number;
  readonly of: number;
}

/** In SQL: a number of a project, the same everywhere. No project has one, too. */
export function bucketOf(project: string): string {
  return `('x' || left(md5(coalesce(${project}, '')), 7))::bit(28)::int`;
}

/** The events of a part, up to a position. A page spans so many positions that it has about `maxCount` events. */
export function partOfLog(client: Client, { index, of }: Part, until: Position): Pick<EventLog, 'readAll'> {
  const text = `select ${EVENT_COLUMNS} from log.events
    where position > $1 and position <= $2 and ${bucketOf(`metadata ->> 'projectId'`)} % $3 = $4 order by position`;
  return {
    async readAll({ after, maxCount }) {
      const end = after + BigInt(maxCount * of);
      const position = end < until ? (end as Position) : until;
      const { rows } = await client.query<EventRow>({ name: 'read-part', text, values: [after, position, of, index] });
      return { events: rows.map(recordedEvent), position, atEnd: position === until };
    },
  };
}
