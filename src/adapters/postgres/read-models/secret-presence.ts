import { registryStream } from '../../../domain/identity.ts';
import type { Queryable } from '../statement.ts';

/** In SQL, between quotes: the name of the stream of a row `r`. */
const STREAM_OF_ROW = registryStream("' || r.project_id || '", "' || r.id || '");

/** A condition on a row `r` of `registries`: it is out of date, and the secret in it may have been replaced long ago. */
export function isParked(schema: string): string {
  return `exists (select from ${schema}.parked_events p where p.stream = '${STREAM_OF_ROW}')`;
}

/** A condition on a row `s` of the vault. */
const IS_USABLE = `s.state <> 'destroyed' and s.unreadable_at is null`;

/** A condition on a row `r` of `registries`: according to the log there is a secret, but the vault has none. */
export function isSecretMissing(schema: string): string {
  return `r.phase = 'live' and not ${isParked(schema)} and not exists (
    select from vault.secrets s where s.secret_id = r.secret_id and ${IS_USABLE})`;
}

/** How many registries one statement looks at: others are not to wait for long for the rows that it corrects. */
const A_ROUND = 1_000;
const ROUNDS_A_CALL = 10;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** Checks that the vault has the secrets of all registries, also of those without new events. Returns how many rows were wrong. */
export async function recheckSecrets(database: Queryable, schema = 'read_models'): Promise<number> {
  let corrected = 0;
  for (let after: string | null = FIRST_ID; after !== null; ) {
    const round: Round = await recheckAfter(database, schema, after);
    corrected += round.corrected;
    after = round.next;
  }
  return corrected;
}

interface Round {
  readonly corrected: number;
  /** The last id of a full round; null if no more follow. */
  readonly next: string | null;
}

/**
 * The same, from time to time: each call checks the next ten thousand registries, so that it costs no more where there are
 * a million.
 */
export function createSecretCheck(database: Queryable): () => Promise<void> {
  let after: string | null = null;
  return async () => {
    for (let round = 0; round < ROUNDS_A_CALL; round += 1) {
      ({ next: after } = await recheckAfter(database, 'read_models', after ?? FIRST_ID));
      if (after === null) return;
    }
  };
}

async function recheckAfter(database: Queryable, schema: string, after: string): Promise<Round> {
  const statement = { name: `${schema}-recheck-secrets`, text: recheckStatement(schema), values: [after] };
  const { rows } = await database.query<Round>(statement);
  return rows[0] ?? { corrected: 0, next: null };
}

/** The update compares the row's secret again, because a rotation may have happened in between. */
function recheckStatement(schema: string): string {
  return `with looked as materialized (
      select id, project_id, phase, secret_id, secret_missing from ${schema}.registries where id > $1::uuid
      order by id limit ${A_ROUND}
    ), found as (
      select r.id, r.secret_id, s.secret_id is null and not ${isParked(schema)} as missing
      from looked r left join vault.secrets s on s.secret_id = r.secret_id and ${IS_USABLE}
      where r.phase = 'live' and r.secret_missing <> (s.secret_id is null and not ${isParked(schema)})
    ), corrected as (
      update ${schema}.registries r set secret_missing = found.missing from found
      where r.id = found.id and r.secret_id = found.secret_id and r.secret_missing <> found.missing
      returning r.id
    )
    select (select count(*)::int from corrected) as corrected,
      (select id from looked order by id offset ${A_ROUND - 1}) as next`;
}
