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

/**
 * Checks that the vault has the secrets of all registries, also of those without new events. The leader calls this from
 * time to time. Returns how many rows were wrong.
 */
export async function recheckSecrets(database: Queryable): Promise<number> {
  const text = recheckStatement('read_models');
  const { rows } = await database.query<{ count: number }>({ name: 'recheck-secrets', text, values: [] });
  return rows[0]?.count ?? 0;
}

/** The update compares the row's secret again, because a rotation may have happened in between. */
export function recheckStatement(schema: string): string {
  return `with found as (
      select r.id, r.secret_id, s.secret_id is null and not ${isParked(schema)} as missing
      from ${schema}.registries r
      left join vault.secrets s on s.secret_id = r.secret_id and ${IS_USABLE}
      where r.phase = 'live'
    ), corrected as (
      update ${schema}.registries r set secret_missing = found.missing from found
      where r.id = found.id and r.secret_id = found.secret_id and r.secret_missing <> found.missing
      returning r.id
    )
    select count(*)::int as count from corrected`;
}
