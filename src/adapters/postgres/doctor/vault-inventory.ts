import type { Client, QueryResultRow } from 'pg';
import type { PlacedSecret, VaultInventory } from '../../../application/ports/doctor-queries.ts';
import { isParked } from '../read-models/secret-presence.ts';
import { SHADOW } from './shadow-read-models.ts';

const PAGE = 500;
/** A command settles at once, and the projector after it; both may be under way. */
const SETTLED_FOR = `interval '1 minute'`;

const OF_SECRET = 's.secret_id, s.project_id, s.registry_id, s.credential_version';
const IN_USE = `from vault.secrets s left join ${SHADOW}.registries r on r.id = s.registry_id and r.project_id = s.project_id
  where s.state in ('staged', 'current', 'retiring') and s.settled_at < now() - ${SETTLED_FOR}
    and not ${isParked(SHADOW)}`;
const IS_HELD = `coalesce(r.phase = 'live' and s.secret_id::text in
  (r.secret_id::text, r.staged->>'secretId', r.retiring->>'secretId'), false)`;
const IS_KNOWN = 's.credential_version <= coalesce(r.last_version, 0)';

const ENDED = `select ${OF_SECRET} ${IN_USE} and not ${IS_HELD} and ${IS_KNOWN}`;
const AHEAD = `select ${OF_SECRET} ${IN_USE} and not ${IS_HELD} and not ${IS_KNOWN}`;
const UNKNOWN = `select r.secret_id, r.project_id, r.id as registry_id, r.credential_version from ${SHADOW}.registries r
  where r.phase = 'live' and not ${isParked(SHADOW)}
    and not exists (select from vault.secrets s where s.secret_id = r.secret_id)`;

interface Row extends QueryResultRow {
  readonly secret_id: string;
  readonly project_id: string;
  readonly registry_id: string;
  readonly credential_version: number;
}

/** `client`: the session with the temporary read models. */
export function createVaultInventory(client: Client): VaultInventory {
  async function* pages(text: string): AsyncGenerator<PlacedSecret, void, undefined> {
    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      const { rows } = await client.query<Row>(
        `select * from (${text}) found where secret_id > $1 order by secret_id limit ${PAGE}`,
        [after],
      );
      for (const { secret_id, project_id, registry_id, credential_version } of rows) {
        after = secret_id;
        yield {
          secretId: secret_id,
          projectId: project_id,
          registryId: registry_id,
          credentialVersion: credential_version,
        };
      }
      if (rows.length < PAGE) return;
    }
  }
  return { ended: () => pages(ENDED), ahead: () => pages(AHEAD), unknown: () => pages(UNKNOWN) };
}
