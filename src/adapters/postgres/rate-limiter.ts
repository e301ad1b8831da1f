import type { ReturnableTurns } from '../../application/ports/rate-limiter.ts';
import type { Queryable } from './statement.ts';

export interface RateLimit {
  readonly turns: number;
  /** How many of them one taker may take, so that some are left for others. */
  readonly share: number;
  /** Seconds, counted from a window's first turn. */
  readonly windowSeconds: number;
}

/** Counts in the database, so that replicas share their turns. */
export function createRateLimiter(database: Queryable, { turns, share, windowSeconds }: RateLimit): ReturnableTurns {
  return {
    async take(key, taker) {
      const { rows } = await database.query<{ wait: number }>({
        name: 'take-turn',
        text: 'select projection.take_turn($1, $2, $3, $4, make_interval(secs => $5)) as wait',
        values: [key, taker, turns, share, windowSeconds],
      });
      if (!rows[0]) throw new Error('projection.take_turn gave no row');
      return rows[0].wait;
    },

    async giveBack(key, taker) {
      await database.query({
        name: 'give-turn-back',
        text: `update projection.rate_limits
          set taken = taken - 1,
              taken_by = taken_by || jsonb_build_object($2::text, (taken_by ->> $2::text)::int - 1)
          where key = $1 and (taken_by ->> $2::text)::int > 0`,
        values: [key, taker],
      });
    },
  };
}
