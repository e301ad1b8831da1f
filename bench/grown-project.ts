import { withClient } from './database.ts';

export const GROWN = 'grown';

export interface GrownProject {
  readonly projectId: string;
  readonly registries: number;
  readonly entries: number;
}

/** In SQL, the id of the registry with that number: a UUID of version 4, because the API takes no other text for an id. */
export function registryId(n: string): string {
  return `overlay(overlay(md5('registry ' || ${n}) placing '4' from 13) placing '8' from 17)::uuid`;
}

/**
 * Registries and audit entries of one project in the read models alone: no event is behind them. SQL writes them, because
 * writing is not measured.
 */
export async function seedGrownProject(
  connectionString: string,
  { projectId, registries, entries }: GrownProject,
): Promise<void> {
  await withClient(connectionString, async (client) => {
    await client.query(
      `insert into read_models.registries (id, project_id, phase, revision, changed_at, first_version, last_version, url, entered_url,
         name, provider, username, access, credential_version, credential_kind, secret_id, secret_digest, expires_at, expiry_source,
         rotated_at, rotated_by, created_at, created_by, updated_at, updated_by, expiry_changes, rotation_policy_changes)
       select ${registryId('n')}, $2, 'live', n % 5, at, 1, 1, 'registry-' || n || '.example.com',
         'https://registry-' || n || '.example.com', 'Registry ' || n, (array['GENERIC', 'GITLAB', 'HARBOR'])[n % 3 + 1], 'robot',
         'PULL_AND_PUSH', 1, 'TOKEN', md5('secret ' || n)::uuid, repeat('3f', 32),
         case when n % 3 = 0 then now() + n * interval '1 minute' end, case when n % 3 = 0 then 'DECLARED' else 'UNKNOWN' end,
         at, 'someone', at, 'someone', at + n % 1000 * interval '1 second', 'someone', 0, 0
       from (select n, now() - n * interval '1 second' as at from generate_series(1, $1::int) n) numbered`,
      [registries, projectId],
    );
    await client.query(
      `insert into read_models.registry_uses (registry_id, project_id, last_used_at, used_minute, last_used_by)
       select id, project_id, created_at, date_trunc('minute', created_at), 'ci' from read_models.registries where project_id = $1`,
      [projectId],
    );
    await client.query(
      `insert into read_models.audit_entries (project_id, sequence, format, event_id, occurred_at, action, outcome, code, actor,
         request_id, registry_id, url, pipeline, run_id, lease_id, changes, count, hash)
       select $2, n, 1, md5('event ' || n)::uuid, now() - ($1 - n) * interval '1 second', 'ISSUE_CREDENTIAL',
         case when n % 1000 = 0 then 'DENIED' else 'SUCCEEDED' end, case when n % 1000 = 0 then 'FORBIDDEN' end,
         'pipeline-' || n % 50, 'request-' || n, ${registryId('n % 500')}, 'registry-' || n % 500 || '.example.com',
         'build-' || n % 200, 'run-' || n / 3, md5('lease ' || n)::uuid, '[]', 1, md5('hash ' || n)
       from generate_series(1, $1::int) n`,
      [entries, projectId],
    );
    await client.query('insert into read_models.audit_heads (project_id, sequence, hash) values ($1, $2, $3)', [
      projectId,
      entries,
      'head',
    ]);
  });
  for (const table of ['registries', 'registry_uses', 'audit_entries']) {
    await withClient(connectionString, (client) => client.query(`vacuum analyze read_models.${table}`));
  }
}
