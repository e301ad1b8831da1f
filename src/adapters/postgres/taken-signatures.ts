import type { TakenSignatures } from '../../application/ports/signed-requests.ts';
import type { Queryable } from './statement.ts';

/** At most so many old rows are deleted at a time, which is more than are added. */
const DELETED_AT_ONCE = 10;

/**
 * By a row for each signature, which only one replica can insert. A signature is refused five minutes after it was made, and
 * may be made five minutes ahead; the rest of the half hour is for clocks that differ.
 */
export function createTakenSignatures(database: Queryable): TakenSignatures {
  return {
    async take(digest) {
      const { rows } = await database.query({
        name: 'take-signature',
        text: `with old as (
            delete from projection.taken_signatures where digest in (
              select digest from projection.taken_signatures where needed_until < now()
               order by needed_until limit $2 for update skip locked))
          insert into projection.taken_signatures (digest, needed_until) values ($1, now() + interval '30 minutes')
          on conflict (digest) do nothing returning digest`,
        values: [digest, DELETED_AT_ONCE],
      });
      return rows.length === 1;
    },
  };
}
