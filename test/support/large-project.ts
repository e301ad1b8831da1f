import type { Client } from 'pg';
import { dropIndexes } from '../../bench/dropped-indexes.ts';

export interface LargeProject {
  readonly registries: number;
  readonly entries: number;
  readonly leases: number;
}

/** Of row `n` of many, in an order that has nothing to do with that of the rows. */
const mixed = (n: string, of: string) => `(abs(hashtext('${of}' || ${n})::bigint) % 1000000)`;
const shareOf = (n: string, of: string) => `(${mixed(n, of)} / 1000000.0)`;

const REGISTRIES = `
  insert into read_models.registries (id, project_id, phase, revision, first_version, last_version, url, entered_url, name,
    description, provider, username, access, rotate_every_days, credential_version, credential_kind, secret_id, secret_digest,
    secret_missing, expires_at, expiring_from, rotated_at, rotated_by, rotation_due_at, created_at, created_by, updated_at,
    updated_by, health)
  select md5('registry' || n)::uuid, 'demo', 'live', 0, 1, 1, host, host, 'Registry ' || ${mixed('n', 'name')},
    'for team ' || n % 500, provider, 'robot-' || n % 1000, 'PULL', 90, 1, 'PASSWORD', md5('secret' || n)::uuid, '',
    ${shareOf('n', 'missing')} < 0.0004,
    case when expires then at + ${shareOf('n', 'expires')} * interval '400 days' - interval '20 days' end,
    case when expires then at + ${shareOf('n', 'expires')} * interval '400 days' - interval '50 days' end,
    at - interval '10 days', 'alice', at + ${shareOf('n', 'due')} * interval '90 days' - interval '5 days',
    at - ${shareOf('n', 'created')} * interval '900 days', 'alice', at - ${shareOf('n', 'updated')} * interval '300 days',
    'alice',
    case when ${shareOf('n', 'tested')} < 0.6 then jsonb_build_object('credentialVersion', 1,
      'outcome', case when ${shareOf('n', 'failing')} < 0.015 then 'AUTHENTICATION_FAILED' else 'OK' end,
      'testedAt', to_char((at - ${shareOf('n', 'when')} * interval '20 days') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    end
  from generate_series(1, $1::int) n
    cross join lateral (select now() as at, 'r' || n || '.registry.example' as host,
      ${shareOf('n', 'expiry')} < 0.5 as expires,
      case when ${shareOf('n', 'provider')} < 0.5 then 'DOCKER_HUB' when ${shareOf('n', 'provider')} < 0.9 then 'GITHUB'
        when ${shareOf('n', 'provider')} < 0.985 then 'GITLAB' when ${shareOf('n', 'provider')} < 0.999 then 'HARBOR'
        else 'QUAY' end as provider) as drawn`;

const USES = `
  insert into read_models.registry_uses (registry_id, project_id, last_used_at, used_minute, last_used_by)
  select id, 'demo', used, date_trunc('minute', used), 'build'
  from (select id, case when ${shareOf('id', 'used')} < 0.7 then now() - ${shareOf('id', 'last')} * interval '100 days' end as used
    from read_models.registries) each`;

const ENTRIES = `
  insert into read_models.audit_entries (project_id, sequence, format, event_id, occurred_at, action, outcome, code, actor,
    request_id, registry_id, url, pipeline, run_id, lease_id, changes, count, hash)
  select 'demo', n, 1, md5('event' || n)::uuid, now() - ($1::int - n) * interval '20 seconds',
    case when ${shareOf('n', 'action')} < 0.95 then 'ISSUE_CREDENTIAL' when ${shareOf('n', 'action')} < 0.999 then 'TEST_REGISTRY'
      else 'DELETE_REGISTRY' end,
    case when denied then 'DENIED' when ${shareOf('n', 'failed')} < 0.0005 then 'FAILED' else 'SUCCEEDED' end,
    case when denied then 'FORBIDDEN' end,
    case when ${shareOf('n', 'actor')} < 0.9 then 'builder-' || n % 20 else 'person-' || ${mixed('n', 'person')} % 5000 end,
    'request-' || n, md5('registry' || (${mixed('n', 'registry')} % 50000 + 1))::uuid, 'r' || ${mixed('n', 'registry')} % 50000 + 1 || '.registry.example',
    'pipeline-' || ${mixed('n', 'pipeline')} % 1000, 'run-' || n / 4, md5('lease' || n)::uuid, '[]', 1, repeat('0', 64)
  from generate_series(1, $1::int) n cross join lateral (select ${shareOf('n', 'denied')} < 0.02 as denied) as drawn`;

const HEAD = `insert into read_models.audit_heads (project_id, sequence, hash) values ('demo', $1, '')`;

/** A hundred a minute, each for an hour; most are not released. */
const LEASES = `
  insert into read_models.leases (id, project_id, registry_id, url, image, credential_version, pipeline, run_id, purpose,
    issued_to, issued_at, expires_at, released_at, issuer)
  select md5('lease' || n)::uuid, 'demo', md5('registry' || (${mixed('n', 'registry')} % 50000 + 1))::uuid, 'r.registry.example', 'r.registry.example/app',
    1, 'pipeline-' || ${mixed('n', 'pipeline')} % 1000, 'run-' || n / 4, 'PULL', 'build', issued, issued + interval '1 hour',
    case when ${shareOf('n', 'released')} < 0.3 then issued + interval '5 minutes' end, 'https://issuer.example'
  from generate_series(1, $1::int) n
    cross join lateral (select now() - ($1::int - n) * interval '0.6 seconds' as issued) as drawn`;

const NOTICES = `
  insert into read_models.notices (sequence, kind, project_id, registry_id, url, credential_version, occurred_at, actor,
    leases_on_older_versions, message)
  select n, 'ROTATED', 'demo', md5('registry' || (${mixed('n', 'registry')} % 50000 + 1))::uuid, 'r.registry.example', 1, now(), 'alice', 0, ''
  from generate_series(1, $1::int) n`;

const DELIVERIES = `
  with noticed as (
    insert into webhooks.notices (event_id, position, sequence, project_id, registry_id, kind, occurred_at, notice, code, distributed)
    select md5('notice' || n)::uuid, n, n, 'demo', md5('registry' || n)::uuid, 'ROTATED', now(), '{"url":"r.registry.example"}', '', true
    from generate_series(1, $1::int) n returning event_id, sequence
  )
  insert into webhooks.deliveries (event_id, webhook, project_id, state, created_at, waiting_since, due_at)
  select event_id, case when sequence % 1000 = 0 then 'rare' else 'chat' end, 'demo',
    case when ${shareOf('sequence', 'state')} < 0.001 then 'PENDING' when ${shareOf('sequence', 'state')} < 0.01 then 'DEAD_LETTER' else 'DELIVERED' end,
    now(), now(), now()
  from noticed order by sequence`;

/** Fills the read models of the project `demo`, as if they had grown over years. The session must have no statement timeout. */
export async function seedLargeProject(client: Client, { registries, entries, leases }: LargeProject): Promise<void> {
  const restoreIndexes = await dropIndexes(client);
  await client.query(REGISTRIES, [registries]);
  await client.query(USES);
  await client.query(ENTRIES, [entries]);
  await client.query(HEAD, [entries]);
  await client.query(LEASES, [leases]);
  await client.query(NOTICES, [Math.min(registries, 50_000)]);
  await client.query(DELIVERIES, [Math.min(registries, 20_000)]);

  await restoreIndexes(client);
  await client.query('vacuum analyze');
}
