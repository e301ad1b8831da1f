import type { SharedNow } from '../../application/ports/shared-clock.ts';
import type { Queryable } from './statement.ts';

const NOW = 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now';

export function createSharedClock(database: Queryable): SharedNow {
  return async () => {
    const { rows } = await database.query<{ now: number }>({ name: 'shared-clock', text: NOW, values: [] });
    const [row] = rows;
    if (!row) throw new Error('the database did not tell its time');
    return Math.floor(row.now);
  };
}
