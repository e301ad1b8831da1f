import { registryStream } from '../../../domain/identity.ts';
import type { Queryable } from '../statement.ts';

/** Registries whose rows lag behind: the secret that such a row names may have been replaced long ago. */
function isParked(schema: string): string {
  return `exists (select from ${schema}.parked_events p where p.stream = '${registryStream('')}' || r.id)`;
}

/** Of a row `r` of `registries`: the log says that there is a secret, and the vault has none. */
export function isSecretMissing(schema: string): string {
  return `r.phase = 'live' and not ${isParked(schema)} and not exists (
    select from vault.secrets s where s.secret_id = r.secret_id and s.state <> 'destroyed')`;
}

/**
 * Looks whether the secrets of all registries are there, for those to whom nothing happens any more. For the leader, from
 * time to time. Gives how many rows were wrong.
 */
export async function recheckSecrets(database: Queryable): Promise<number> {
  const text = recheckStatement('read_models');
  const { rows } = await database.query<{ count: number }>({ name: 'recheck-secrets', text, values: [] });
  return rows[0]?.count ?? 0;
}

/** The row's secret is compared again at the update: a rotation may have come in between. */
export function recheckStatement(schema: string): string {
  return `with found as (
      select r.id, r.secret_id, s.secret_id is null and not ${isParked(schema)} as missing
      from ${schema}.registries r
      left join vault.secrets s on s.secret_id = r.secret_id and s.state <> 'destroyed'
      where r.phase = 'live'
    ), corrected as (
      update ${schema}.registries r set secret_missing = found.missing from found
      where r.id = found.id and r.secret_id = found.secret_id and r.secret_missing <> found.missing
      returning r.id
    )
    select count(*)::int as count from corrected`;
}
