import { withClient } from './database.ts';

const COLUMNS = `id, project_id, phase, revision, last_version, url, entered_url, name, description, email, provider,
  username, access, ca_certificate, auth_realm_host, rotate_every_days, credential_version, credential_kind, secret_id, secret_digest,
  secret_missing, expires_at, expiry_source, rotated_at, rotated_by, created_at, created_by, updated_at, updated_by`;

const MERGE = `create or replace aggregate bench_merge(jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}')`;

/**
 * Computes the last state of every registry in the database alone: each event is a patch, and patches are merged in
 * order. It makes no audit log, hash chain, changes or notices, so no rebuild can be faster.
 */
const FOLD = `insert into bench_fold (${COLUMNS})
  select (state ->> 'registryId')::uuid, state ->> 'projectId', 'live', revision, (state #>> '{credential,version}')::int,
    state ->> 'url', state ->> 'enteredUrl', state ->> 'name', state ->> 'description', state ->> 'email',
    state ->> 'provider', state ->> 'username', state ->> 'access', state ->> 'caCertificate', state ->> 'authRealmHost',
    (state ->> 'rotateEveryDays')::int, (state #>> '{credential,version}')::int, state #>> '{credential,kind}',
    (state #>> '{credential,secretId}')::uuid, state #>> '{credential,digest}', false,
    (state #>> '{credential,expiresAt}')::timestamptz, state #>> '{credential,expirySource}', rotated_at,
    state ->> 'rotatedBy', created_at, state ->> 'createdBy', updated_at, state ->> 'updatedBy'
  from (
    select max(revision) as revision, min(occurred_at) as created_at, max(occurred_at) as updated_at,
      max(occurred_at) filter (where type <> 'RegistryUpdated') as rotated_at, bench_merge(patch) as state
    from (
      select stream, revision, occurred_at, type,
        case type
          when 'RegistryCreated' then data::jsonb || jsonb_build_object('createdBy', actor, 'updatedBy', actor, 'rotatedBy', actor)
          when 'RegistryUpdated' then (data -> 'changes')::jsonb || jsonb_build_object('updatedBy', actor)
          else jsonb_build_object('username', data -> 'username', 'credential', data -> 'credential', 'updatedBy', actor, 'rotatedBy', actor)
        end as patch
      from (select *, metadata ->> 'actor' as actor from log.events order by position) as ordered
    ) as patches
    group by stream
  ) as folded`;

/** @returns milliseconds */
export function foldInSql(connectionString: string): Promise<number> {
  return withClient(connectionString, async (client) => {
    await client.query(MERGE);
    await client.query('drop table if exists bench_fold');
    await client.query(`create table bench_fold as select ${COLUMNS} from read_models.registries with no data`);
    const startedAt = performance.now();
    await client.query(FOLD);
    const milliseconds = performance.now() - startedAt;
    await client.query('drop table bench_fold');
    return milliseconds;
  });
}
