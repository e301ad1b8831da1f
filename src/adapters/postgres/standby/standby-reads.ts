import pg, { type QueryResultRow } from 'pg';
import { PurserError } from '../../../domain/errors.ts';
import { isTimeout } from '../availability.ts';
import type { Queryable, Statement } from '../statement.ts';
import type { StandbyWatch } from './standby-watch.ts';

type Watch = Pick<StandbyWatch, 'fault' | 'unlessGone' | 'insteadOf'>;

/** Asks the standby, and the primary if the standby is gone or fails. */
export function readsOfStandby(standby: () => Queryable, primary: Queryable, watch: Watch): Queryable {
  return {
    async query<Row extends QueryResultRow>(statement: Statement) {
      if (watch.fault !== undefined) return primary.query<Row>(statement);
      try {
        return await watch.unlessGone(standby().query<Row>(statement));
      } catch (error) {
        if (isTooMuch(error)) throw error;
        return watch.insteadOf(error, () => primary.query<Row>(statement));
      }
    },
  };
}

/** The primary would say the same: the statement takes too long, or too many wait. */
function isTooMuch(error: unknown): boolean {
  if (!(error instanceof PurserError)) return false;
  return error.code === 'RATE_LIMITED' || (error.cause instanceof pg.DatabaseError && isTimeout(error.cause));
}
