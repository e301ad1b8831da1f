import type { Client } from 'pg';
import { copyIn } from '../../src/adapters/postgres/copy-in.ts';
import { AUDIT_COLUMNS, type AuditRow, auditEntryView } from '../../src/adapters/postgres/read-models/audit-row.ts';
import { openSession } from '../../src/adapters/postgres/session.ts';
import { chainHash, firstPreviousHash } from '../../src/domain/audit-entry.ts';
import { withClient } from '../database.ts';
import { dropIndexes } from '../dropped-indexes.ts';
import { registryId, seedGrownProject } from '../grown-project.ts';

export const CONSOLE_PROJECT = { projectId: 'demo', registries: 100_000, entries: 1_000_000 } as const;

const PAGE = 10_000;
const LEASES = 100_000;
const NOTICES = 20_000;

/**
 * The grown project with all that views show: an audit log whose chain holds, what tests found, rotations that are due, leases
 * of the last day, notices, and use by day. The newest entry of the log is of now, and there is one a second.
 */
export async function seedConsoleProject(connectionString: string): Promise<void> {
  const options = { connectionString, name: 'bench seed', statementTimeoutMs: 0 };
  const client = await openSession(options, () => undefined);
  try {
    const restoreIndexes = await dropIndexes(client);
    await seedGrownProject(connectionString, CONSOLE_PROJECT);
    await chain(client);
    for (const statement of REST) await client.query(statement);
    await restoreIndexes(client);
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

/** The hashes of the entries, as the projector would have made them. */
async function chain(client: Client): Promise<void> {
  const { projectId, entries } = CONSOLE_PROJECT;
  await client.query('create temporary table chained (sequence bigint, hash text)');
  let hash = firstPreviousHash(projectId);
  for (let after = 0; after < entries; after += PAGE) {
    const { rows } = await client.query<AuditRow>(
      `select ${AUDIT_COLUMNS} from read_models.audit_entries where project_id = $1 and sequence > $2 and sequence <= $3
        order by audit_entries.sequence`,
      [projectId, after, after + PAGE],
    );
    const hashes = rows.map((row) => {
      hash = chainHash(hash, row.sequence, auditEntryView(row));
      return { sequence: row.sequence, hash };
    });
    await copyIn(client, 'chained', hashes);
  }
  await client.query('analyze chained');
  await client.query(
    `update read_models.audit_entries e set hash = c.hash from chained c where e.project_id = $1 and e.sequence = c.sequence`,
    [projectId],
  );
  // As the projector would have stored them: one after the other.
  await client.query('cluster read_models.audit_entries using audit_entries_pkey');
  await client.query('update read_models.audit_heads set hash = $2 where project_id = $1', [projectId, hash]);
}

/**
 * Rows for the secrets of the registries, none of which is ever opened: without them the service would mark all registries. Once it
 * runs, because its start tries whether they open.
 */
export async function seedSecrets(connectionString: string): Promise<void> {
  await withClient(connectionString, async (client) => {
    await client.query(
      `insert into vault.secrets (secret_id, project_id, registry_id, credential_version, host, state, format, kek_id, wrapped_key,
         message_id, commitment, ciphertext, digest)
       select secret_id, project_id, id, 1, url, 'current', 1, 1, '\\x00', '\\x00', '\\x00', '\\x00', decode(repeat('00', 32), 'hex')
       from read_models.registries where project_id = ${PROJECT} on conflict do nothing`,
    );
    await client.query('update read_models.registries set secret_missing = false where secret_missing');
  });
}

const PROJECT = `'${CONSOLE_PROJECT.projectId}'`;

const REST = [
  // Each row only once: an update leaves a dead row behind.
  `update read_models.registries r set
      rotate_every_days = case when n % 4 = 0 then 90 end,
      rotation_due_at = case when n % 4 = 0 then now() + (n % 1000 - 50) * interval '2 hours' end,
      expiring_from = expires_at - interval '30 days',
      health = case when n % 5 <> 0 then jsonb_build_object('credentialVersion', 1, 'login', 'PROVED', 'pull', 'UNKNOWN',
        'push', 'UNKNOWN', 'method', 'BASIC', 'repository', null, 'detail', null, 'durationMs', 120,
        'outcome', case when n % 701 = 0 then 'AUTHENTICATION_FAILED' else 'OK' end,
        'testedAt', to_char(now() at time zone 'UTC' - n % 400 * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end
    from (select id, substr(name, 10)::int as n from read_models.registries where project_id = ${PROJECT}) numbered
    where r.id = numbered.id`,
  `insert into read_models.leases (id, project_id, registry_id, url, image, credential_version, pipeline, run_id, purpose,
      issued_to, issued_at, expires_at, released_at, issuer)
    select lease_id, project_id, registry_id, url, url || '/app', 1, pipeline, run_id, 'PULL', actor, occurred_at,
      occurred_at + interval '1 hour', case when sequence % 3 = 0 then occurred_at + interval '5 minutes' end, 'https://ci.example'
    from read_models.audit_entries where project_id = ${PROJECT} and sequence > ${CONSOLE_PROJECT.entries - LEASES}`,
  `insert into read_models.pipeline_uses (registry_id, pipeline, last_used_at, leases)
    select registry_id, pipeline, max(issued_at), count(*) from read_models.leases group by 1, 2`,
  `insert into read_models.daily_uses (project_id, day, issued, failed)
    select project_id, (occurred_at at time zone 'UTC')::date, count(*) filter (where outcome = 'SUCCEEDED'),
      count(*) filter (where outcome <> 'SUCCEEDED')
    from read_models.audit_entries where project_id = ${PROJECT} group by 1, 2`,
  `insert into read_models.notices (sequence, kind, project_id, registry_id, url, credential_version, occurred_at, actor,
      leases_on_older_versions, message)
    select n, case when n % 3 = 0 then 'EXPIRING' else 'ROTATED' end, ${PROJECT}, r.id, r.url, 1,
      now() - (${NOTICES} - n) * interval '10 minutes', 'someone', 0, 'The credential of ' || r.url || ' was rotated.'
    from generate_series(1, ${NOTICES}) n join read_models.registries r on r.id = ${registryId('n')}`,
];
