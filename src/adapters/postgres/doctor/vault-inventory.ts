import type { Client, QueryResultRow } from 'pg';

/** A secret of the vault, and what the log says of its registry. */
export interface OutOfPlace {
  readonly secretId: string;
  readonly projectId: string;
  readonly registryId: string;
  readonly credentialVersion: number;
}

/** What the vault and the log disagree on. Each list is read in pages. */
export interface VaultInventory {
  /** Secrets that are not destroyed, of versions that events have ended. */
  ended(): AsyncGenerator<OutOfPlace, void, undefined>;
  /** Secrets in use of versions that the log does not know. */
  ahead(): AsyncGenerator<OutOfPlace, void, undefined>;
  /** Current secrets of live registries that the vault has never heard of. */
  unknown(): AsyncGenerator<OutOfPlace, void, undefined>;
}

const PAGE = 500;
/** A command settles at once, and the projector after it; both may be under way. */
const SETTLED_FOR = `interval '1 minute'`;

const OF_SECRET = 's.secret_id, s.project_id, s.registry_id, s.credential_version';
const IN_USE = `from vault.secrets s left join pg_temp.registries r on r.id = s.registry_id and r.project_id = s.project_id
  where s.state in ('staged', 'current', 'retiring') and s.settled_at < now() - ${SETTLED_FOR}`;
const IS_HELD = `coalesce(r.phase = 'live' and s.secret_id::text in
  (r.secret_id::text, r.staged->>'secretId', r.retiring->>'secretId'), false)`;
const IS_KNOWN = 's.credential_version <= coalesce(r.last_version, 0)';

const ENDED = `select ${OF_SECRET} ${IN_USE} and not ${IS_HELD} and ${IS_KNOWN}`;
const AHEAD = `select ${OF_SECRET} ${IN_USE} and not ${IS_HELD} and not ${IS_KNOWN}`;
const UNKNOWN = `select r.secret_id, r.project_id, r.id as registry_id, r.credential_version from pg_temp.registries r
  where r.phase = 'live' and not exists (select from vault.secrets s where s.secret_id = r.secret_id)`;

interface Row extends QueryResultRow {
  readonly secret_id: string;
  readonly project_id: string;
  readonly registry_id: string;
  readonly credential_version: number;
}

/** `client`: the session with the temporary read models. */
export function createVaultInventory(client: Client): VaultInventory {
  async function* pages(text: string): AsyncGenerator<OutOfPlace, void, undefined> {
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
