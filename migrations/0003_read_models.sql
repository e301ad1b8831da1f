-- Everything here is derived from the log and can be rebuilt from it. Only the projector writes.
create schema read_models;

create table read_models.checkpoint (
  name text primary key,
  -- A rebuild can reach the same position with other rows, so a running projector must not go on with what it remembers.
  generation uuid not null default gen_random_uuid(),
  position numeric(39) not null,
  -- How many events that Purser wrote there are up to the position: the next one has the next number.
  events bigint not null default 0,
  updated_at timestamptz not null default now()
);
insert into read_models.checkpoint (name, position) values ('read_models', 0);

-- The functions and tables here have a schema of their own, because a rebuild replaces the schema of the read models.
create schema projection;

-- Which replica brings the read models up to date: a lease, by the clock of the database. A rebuild leaves it alone.
create table projection.leadership (
  only_row boolean not null default true unique check (only_row),
  -- Goes up with every change of the lead. A primary key, because a transaction of the leader holds the row with `for key
  -- share`: that conflicts with a change of the term, but not with a renewal.
  term bigint primary key,
  holder text not null default '',
  -- The advisory lock that only the session that projects holds. A process id would not do: behind a pooler, the same
  -- process serves other clients afterwards. The pooler frees the lock when the client leaves.
  session_lock int,
  renewed_at timestamptz not null default now(),
  stepped_at timestamptz not null default now(),
  expires_at timestamptz not null default now(),
  -- When a replica that the database answers quickly last asked for the lead.
  challenged_at timestamptz not null default '-infinity'
);
insert into projection.leadership (term) values (0);

-- Which event store the positions here and in `webhooks` are of: they mean nothing in another one. The first start with
-- this database sets it, and `purser copy-log` changes it.
create table projection.event_store (
  only_row boolean primary key default true check (only_row),
  name text not null
);

-- The processes of the sessions that hold this lock: one, or none. 1818583396 is "lead" in ASCII.
create function projection.sessions_with(session_lock int) returns setof int language sql as $$
  select l.pid from pg_locks l
   where l.locktype = 'advisory' and l.granted and l.objsubid = 2
     and l.classid = 1818583396::oid and l.objid = session_lock::oid
     and l.database = (select d.oid from pg_database d where d.datname = current_database());
$$;

-- Whether nobody leads: the lease has run out, or the leader's session is gone, so that it can write nothing more.
create function projection.lead_is_vacant(asking text, out vacant boolean) language sql as $$
  select l.expires_at <= clock_timestamp() or l.holder = asking
         or not exists (select from projection.sessions_with(l.session_lock))
    from projection.leadership l;
$$;

-- A replica that is quick and does not lead leaves word, so that a slow leader can give way.
create function projection.await_lead(asking text, is_quick boolean) returns boolean language plpgsql as $$
begin
  if projection.lead_is_vacant(asking) then return true; end if;
  if is_quick then
    perform set_config('synchronous_commit', 'off', true);
    update projection.leadership set challenged_at = clock_timestamp()
     where challenged_at < clock_timestamp() - interval '1 second';
  end if;
  return false;
end $$;

-- Returns the new term, or null if another replica leads. Ends the session of the leader before first: a process that was
-- stopped, or whose network is silent, may have a transaction open, and its locks would hold up everybody.
create function projection.take_lead(asking text, session_lock int, lease_ms int) returns bigint language plpgsql as $$
declare
  known projection.leadership;
  new_term bigint;
begin
  select * into strict known from projection.leadership;
  if not projection.lead_is_vacant(asking) then return null; end if;
  begin
    perform pg_terminate_backend(pid, 1000) from projection.sessions_with(known.session_lock) pid
      where pid not in (select projection.sessions_with(take_lead.session_lock));
  exception when insufficient_privilege then
    null; -- Another role's session: the term stops it at its next transaction.
  end;
  update projection.leadership l
     set term = l.term + 1, holder = asking, session_lock = take_lead.session_lock,
         renewed_at = clock_timestamp(), stepped_at = clock_timestamp(), challenged_at = '-infinity',
         expires_at = clock_timestamp() + lease_ms * interval '1 millisecond'
   where l.term = known.term and l.expires_at = known.expires_at
  returning term into new_term;
  return new_term;
end $$;

create function projection.renew_lead(
  held_term bigint, lease_ms int, step_age_ms int, out renewed boolean, out challenged boolean
) language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update projection.leadership
     set renewed_at = clock_timestamp(), stepped_at = clock_timestamp() - step_age_ms * interval '1 millisecond',
         expires_at = clock_timestamp() + lease_ms * interval '1 millisecond'
   where term = held_term
  returning challenged_at > clock_timestamp() - interval '3 seconds' into challenged;
  renewed := found;
end $$;

create function projection.release_lead(held_term bigint) returns void language sql as $$
  update projection.leadership set expires_at = clock_timestamp() where term = held_term;
$$;

-- If no row moved, another projector was faster; if another replica leads since, this one's term has passed. Either error
-- rolls the whole batch back. A rebuild has no term. The lock keeps the term as it is until the batch is committed.
-- The table is named in text, so that a caller who waited for a rebuild looks the name up again and finds the new checkpoint.
create function projection.advance_checkpoint(
  checkpoint_table text, held_term bigint, known_generation uuid, old_position numeric, new_position numeric,
  new_events bigint
) returns void language plpgsql as $$
declare moved int;
begin
  if held_term is not null then
    perform from projection.leadership where term = held_term for key share;
    if not found then
      raise exception 'term % has passed: another replica leads', held_term using errcode = 'PU003';
    end if;
  end if;
  execute format(
    'update %s set position = $3, events = $4, updated_at = now() where position = $2 and generation = $1',
    checkpoint_table)
  using known_generation, old_position, new_position, new_events;
  get diagnostics moved = row_count;
  if moved = 0 then
    raise exception 'the checkpoint is not at %', old_position using errcode = 'PU001';
  end if;
end $$;

-- Authenticates the cursors of pages and feeds. The same for all replicas, and after a restart.
create table projection.cursor_key (
  only_row boolean primary key default true check (only_row),
  key bytea not null check (octet_length(key) = 32)
);

-- For searches. Both are extensions that the owner of a database may create; an operator may have them in another schema
-- already, so the indexes below look for their operators wherever they are.
create extension if not exists pg_trgm with schema projection;
create extension if not exists btree_gin with schema projection;
select set_config('search_path', string_agg(distinct quote_ident(n.nspname), ', '), true)
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname in ('pg_trgm', 'btree_gin');

create table read_models.registries (
  id uuid primary key,
  project_id text not null,
  phase text not null check (phase in ('absent', 'live', 'deleted')),
  revision int not null,
  -- When it got this revision.
  changed_at timestamptz(3),
  -- The first version since the registry was last created. Leases of lower versions ended when it was deleted.
  first_version int,
  last_version int not null,
  url text,
  entered_url text,
  name text,
  description text,
  email text,
  provider text,
  username text,
  access text,
  ca_certificate text,
  auth_realm_host text,
  rotate_every_days int,
  credential_version int,
  credential_kind text,
  secret_id uuid,
  secret_digest text,
  secret_missing boolean not null default false,
  expires_at timestamptz(3),
  expiring_from timestamptz(3),
  expiry_source text,
  rotated_at timestamptz(3),
  rotated_by text,
  -- Null without `rotate_every_days`.
  rotation_due_at timestamptz(3),
  created_at timestamptz(3),
  created_by text,
  updated_at timestamptz(3),
  updated_by text,
  -- Warnings about the credential's shape, and how passwords are minted from it.
  warnings jsonb not null default '[]',
  mint jsonb,
  -- The versions beside the current one, as the registry's state has them.
  staged jsonb,
  retiring jsonb,
  -- What issuers were asked for and have not revoked, and since when one of them waits to be staged or revoked.
  successors jsonb not null default '[]',
  successors_waiting_since timestamptz(3),
  -- How often the expiry of a credential, and `rotate_every_days`, were changed. Null while the registry is not live.
  expiry_changes int,
  rotation_policy_changes int,
  -- What people were told by the clock, and when the next notice is due.
  told jsonb not null default '{"expiry": null, "missing": null, "overdue": null, "refused": null}',
  next_notice_at timestamptz(3),
  -- The result of the last test, whatever version it tested but the staged one.
  health jsonb,
  -- The result of the last test of the staged version.
  staged_health jsonb,
  -- The last report of a version that was not checked since.
  reported_version int,
  reported_at timestamptz(3)
) with (fillfactor = 80);
create index registries_by_name on read_models.registries (project_id, lower(name), id) where phase = 'live';
create index registries_by_url on read_models.registries (project_id, url, id) where phase = 'live';
create index registries_by_created on read_models.registries (project_id, created_at, id) where phase = 'live';
create index registries_by_update on read_models.registries (project_id, updated_at, id) where phase = 'live';
-- In either direction, registries without a time come last.
create index registries_by_expiry on read_models.registries (project_id, coalesce(expires_at, 'infinity'), id)
  where phase = 'live';
create index registries_by_late_expiry on read_models.registries (project_id, coalesce(expires_at, '-infinity'), id)
  where phase = 'live';
-- For filters: what they find, in the order of names.
create index registries_by_provider on read_models.registries (project_id, provider, lower(name), id) where phase = 'live';
create index registries_failing on read_models.registries (project_id, lower(name), id)
  where phase = 'live' and coalesce(health->>'outcome' in ('AUTHENTICATION_FAILED', 'EXPIRED')
    and (health->>'credentialVersion')::int = credential_version, false);
create index registries_without_secret on read_models.registries (project_id, lower(name), id)
  where phase = 'live' and secret_missing;
create index registries_tested on read_models.registries (project_id, lower(name), id)
  where phase = 'live' and coalesce((health->>'credentialVersion')::int = credential_version, false);
create index registries_never_tested on read_models.registries (project_id, lower(name), id)
  where phase = 'live' and not coalesce((health->>'credentialVersion')::int = credential_version, false);
create index registries_by_expiring on read_models.registries (project_id, expiring_from, id)
  where phase = 'live' and expiring_from is not null;
create index registries_by_text on read_models.registries using gin (project_id,
  (name || E'\n' || url || E'\n' || username || E'\n' || coalesce(description, '')) gin_trgm_ops)
  with (gin_pending_list_limit = 1024) where phase = 'live';
-- For scheduled checks, over all projects. The texts of times have the order of the times.
create index registries_by_test on read_models.registries
  ((case when coalesce((health->>'credentialVersion')::int = credential_version, false) then health->>'testedAt' else '' end collate "C"), id)
  where phase = 'live' and not secret_missing;
create index registries_by_rotation on read_models.registries (project_id, rotation_due_at, id)
  where phase = 'live' and rotation_due_at is not null;
-- A round of notices costs what is due and what is missing, however many registries there are.
create index registries_by_notice on read_models.registries (next_notice_at, id) where phase = 'live';
create index registries_by_successor on read_models.registries (successors_waiting_since)
  where successors_waiting_since is not null;
create index registries_reported on read_models.registries (reported_at) where reported_at is not null;
-- The few whose earlier leases a deletion ended.
create index registries_ended on read_models.registries (id) where phase = 'deleted' or first_version > 1;
create index registries_missing on read_models.registries (id) where phase = 'live' and secret_missing;

-- Who used a live registry last. Apart, because a use changes nothing else.
create table read_models.registry_uses (
  registry_id uuid primary key,
  project_id text not null,
  last_used_at timestamptz(3),
  -- The same in whole minutes, so that further uses within a minute change no index.
  used_minute timestamptz(3),
  last_used_by text,
  -- Of the last lease that named one.
  last_used_repository text
) with (fillfactor = 80);
-- In either direction, registries that were never used come last.
create index registry_uses_by_time on read_models.registry_uses (project_id, coalesce(used_minute, 'infinity'), registry_id);
create index registry_uses_by_late_time on read_models.registry_uses
  (project_id, coalesce(used_minute, '-infinity'), registry_id);

create table read_models.leases (
  id uuid primary key,
  project_id text not null,
  registry_id uuid not null,
  url text not null,
  image text not null,
  credential_version int not null,
  pipeline text not null,
  run_id text,
  purpose text not null,
  issued_to text not null,
  issued_at timestamptz(3) not null,
  expires_at timestamptz(3) not null,
  released_at timestamptz(3),
  revoked_by text,
  -- Of the token that it was issued for: a subject is one caller of one issuer.
  issuer text
);
create index leases_active on read_models.leases (registry_id, expires_at) include (credential_version)
  where released_at is null;
create index leases_active_of_project on read_models.leases (project_id, expires_at) where released_at is null;
create index leases_by_project on read_models.leases (project_id, issued_at, id);
create index leases_by_registry on read_models.leases (project_id, registry_id, issued_at, id);
create index leases_by_pipeline on read_models.leases (project_id, pipeline, issued_at, id);
-- A run has few leases, so they need no order.
create index leases_by_run on read_models.leases (project_id, run_id) where run_id is not null;

create table read_models.pipeline_uses (
  registry_id uuid not null,
  pipeline text not null,
  last_used_at timestamptz(3),
  leases int not null,
  primary key (registry_id, pipeline)
) with (fillfactor = 80);

-- How often credentials were issued, and how often that was denied or failed, by day in UTC.
create table read_models.daily_uses (
  project_id text not null,
  day date not null,
  issued int not null,
  failed int not null,
  primary key (project_id, day)
) with (fillfactor = 80);
create table read_models.pipeline_links (
  registry_id uuid not null,
  pipeline text not null,
  note text,
  primary key (registry_id, pipeline)
);

-- The feeds that were not revoked. Their capabilities are not here, nor are the hashes of these: the log has them.
create table read_models.calendar_feeds (
  id uuid primary key,
  project_id text not null,
  name text not null,
  created_at timestamptz(3) not null,
  created_by text not null,
  expires_at timestamptz(3) not null
);
create index calendar_feeds_by_project on read_models.calendar_feeds (project_id, expires_at);

create table read_models.notices (
  sequence bigint primary key,
  kind text not null,
  project_id text not null,
  registry_id uuid not null,
  url text not null,
  credential_version int not null,
  occurred_at timestamptz(3) not null,
  expires_at timestamptz(3),
  actor text not null,
  leases_on_older_versions int not null,
  message text not null
);
create index notices_by_project on read_models.notices (project_id, sequence);
create index notices_by_registry on read_models.notices (project_id, registry_id, sequence);

-- json rather than jsonb here and in the audit log, as in the event log: no query looks inside. For 200,000 events a
-- rebuild's writer took 2.7 s of CPU instead of 4.9 s.
create table read_models.changes (
  sequence bigint primary key,
  kind text not null,
  project_id text not null,
  registry_id uuid not null,
  registry json
);
create index changes_by_project on read_models.changes (project_id, sequence);

create table read_models.audit_entries (
  project_id text not null,
  sequence bigint not null,
  -- How the entry is hashed: docs/audit-format.md.
  format smallint not null,
  event_id uuid not null,
  occurred_at timestamptz(3) not null,
  action text not null,
  outcome text not null,
  code text,
  field text,
  actor text not null,
  issuer text,
  token_id text,
  ip_address text,
  user_agent text,
  request_id text,
  registry_id uuid,
  url text,
  pipeline text,
  run_id text,
  image text,
  lease_id uuid,
  changes json not null,
  duration_ms int,
  count int not null,
  until timestamptz(3),
  identity json,
  hash text not null,
  primary key (project_id, sequence)
);
create index audit_by_registry on read_models.audit_entries (project_id, registry_id, sequence) where registry_id is not null;
-- For the filters that find few of many entries. Only an entry that has the value costs a place in its index.
create index audit_by_code on read_models.audit_entries (project_id, code, sequence) where code is not null;
create index audit_by_pipeline on read_models.audit_entries (project_id, pipeline, sequence) where pipeline is not null;
create index audit_by_run on read_models.audit_entries (project_id, run_id, sequence) where run_id is not null;
create index audit_by_lease on read_models.audit_entries (project_id, lease_id, sequence) where lease_id is not null;
create index audit_by_request on read_models.audit_entries (project_id, request_id, sequence) where request_id is not null;
create index audit_by_actor on read_models.audit_entries (project_id, actor, sequence);
create index audit_by_action on read_models.audit_entries (project_id, action, sequence);
create index audit_by_outcome on read_models.audit_entries (project_id, outcome, sequence) where outcome <> 'SUCCEEDED';
create index audit_by_text on read_models.audit_entries using gin (project_id,
  (actor || E'\n' || coalesce(url, '') || E'\n' || action || E'\n' || coalesce(pipeline, '')) gin_trgm_ops)
  with (gin_pending_list_limit = 1024);
set local search_path to default;
-- For histograms, and for lists of a time.
create index audit_by_time on read_models.audit_entries (project_id, occurred_at, sequence);

create table read_models.audit_heads (
  project_id text primary key,
  sequence bigint not null,
  hash text not null
) with (fillfactor = 80);

-- Events that could not be applied, and all later events of their streams, so that none is skipped silently.
create table read_models.parked_events (
  position numeric(39) primary key,
  stream text not null,
  event_id uuid not null,
  reason text not null,
  -- The version in the event. A later deletion destroys secrets up to the highest of these.
  credential_version int not null,
  parked_at timestamptz not null default now()
);
create index parked_by_stream on read_models.parked_events (stream);
