import type { RateLimiter } from '../../application/ports/rate-limiter.ts';
import type { Queryable } from './statement.ts';

export interface RateLimit {
  readonly turns: number;
  /** Seconds, counted from a window's first turn. */
  readonly windowSeconds: number;
}

/** Counts in the database, so that replicas share their turns. */
export function createRateLimiter(database: Queryable, { turns, windowSeconds }: RateLimit): RateLimiter {
  return {
    async take(key) {
      const { rows } = await database.query<{ wait: number }>({
        name: 'take-turn',
        text: 'select projection.take_turn($1, $2, make_interval(secs => $3)) as wait',
        values: [key, turns, windowSeconds],
      });
      if (!rows[0]) throw new Error('projection.take_turn gave no row');
      return rows[0].wait;
    },
  };
}
