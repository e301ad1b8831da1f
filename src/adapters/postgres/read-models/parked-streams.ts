import type { Queryable } from '../statement.ts';

/** How many streams wait for a build that can apply their events, whichever replica found that out. */
export async function countParkedStreams(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ count: number }>({
    name: 'parked-streams',
    text: 'select count(distinct stream)::int as count from read_models.parked_events',
    values: [],
  });
  return rows[0]?.count ?? 0;
}
