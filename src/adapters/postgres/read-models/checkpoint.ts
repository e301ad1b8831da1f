import { BEGINNING, type Position } from '../../../application/ports/event-log.ts';
import type { Queryable } from '../statement.ts';

/** How far the read models are, whichever replica brought them there. */
export async function readCheckpoint(database: Queryable): Promise<Position> {
  const { rows } = await database.query<{ position: string }>({
    name: 'checkpoint',
    text: 'select position::text from read_models.checkpoint',
    values: [],
  });
  return rows[0] ? (BigInt(rows[0].position) as Position) : BEGINNING;
}
