import type { DailyUseQueries } from '../../../application/ports/read-models.ts';
import type { Queryable } from '../statement.ts';

export function createDailyUseQueries(database: Queryable): DailyUseQueries {
  return {
    async since(projectId, day) {
      const { rows } = await database.query<{ day: string; issued: number; failed: number }>({
        name: 'daily-uses',
        text: 'select day, issued, failed from read_models.daily_uses where project_id = $1 and day >= $2::date order by day',
        values: [projectId, day],
      });
      return rows;
    },
  };
}
