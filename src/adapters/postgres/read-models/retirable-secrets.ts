import type { FindRetirable } from '../../../application/ports/read-models.ts';
import type { Queryable } from '../statement.ts';

const MAX_SECRETS = 100;

/**
 * Starts from the vault, where a version retires as soon as its event is written, also if the registry's stream is parked.
 * The read models may be behind: the one who asks looks into the log. A secret that stays among the found ones, because its
 * stream cannot be read, must not keep the others from being found, so they come in any order.
 */
const RETIRABLE = `select s.project_id, s.registry_id, s.credential_version
  from vault.secrets s left join read_models.registries r on r.id = s.registry_id
  where s.state = 'retiring' and (
    coalesce((r.retiring->>'graceEndsAt')::timestamptz <= $1, true)
    or not exists (select from read_models.leases l
      where l.registry_id = s.registry_id and l.credential_version = s.credential_version
        and l.released_at is null and l.expires_at > $1))
  order by random() limit ${MAX_SECRETS}`;

interface RetirableRow {
  readonly project_id: string;
  readonly registry_id: string;
  readonly credential_version: number;
}

export function createFindRetirable(database: Queryable): FindRetirable {
  return async (at) => {
    const { rows } = await database.query<RetirableRow>({ name: 'retirable-secrets', text: RETIRABLE, values: [at] });
    return rows.map(({ project_id, registry_id, credential_version }) => ({
      projectId: project_id,
      registryId: registry_id,
      credentialVersion: credential_version,
    }));
  };
}
