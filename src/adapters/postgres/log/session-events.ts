import type { Client } from 'pg';
import { BEGINNING, type EventLog, type Position } from '../../../application/ports/event-log.ts';
import { type EventRow, pageOf, READ_ALL } from './event-rows.ts';

/** Reads the log over one connection, such as in a transaction that has written it. Errors are the connection's. */
export function eventsOver(client: Client): Pick<EventLog, 'head' | 'readAll'> {
  return {
    async head() {
      const { rows } = await client.query<{ position: Position }>('select position from log.head');
      return rows[0]?.position ?? BEGINNING;
    },
    async readAll({ after, maxCount }) {
      const { rows } = await client.query<EventRow>({ ...READ_ALL, values: [after, maxCount] });
      return pageOf(rows, { after, maxCount });
    },
  };
}
