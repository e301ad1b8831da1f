-- Events that left the log for files, which `purser archive --events` writes.
-- compatible since: 0010

-- A file for each run. Its events are from the streams of ended leases and of access, at positions up to the edge: everything
-- else up to there is still in the log. The code authenticates all but `removed_at`.
create table log.event_archives (
  -- The edge.
  up_to bigint primary key,
  events bigint not null,
  -- SHA-256 of the file, up to its last line.
  digest text not null,
  -- SHA-256 of the state at this edge, and what its tables look like.
  state_digest text not null,
  shape text not null,
  code text not null,
  -- When the last event of the file had left the log.
  removed_at timestamptz(3)
);

-- The state at the newest edge: the rows of the read models that all events up to there give, so that they can be built from
-- there on without the files.
create table log.edge_state (
  up_to bigint not null,
  place int not null,
  table_name text not null,
  -- Lines as COPY writes them, gzip.
  content bytea not null,
  primary key (up_to, place)
);

-- Leases whose events have left the log and whose ids derive from a run or an idempotency key: no lease begins with such an
-- id again.
create table log.archived_leases (
  lease_id uuid primary key,
  withdrawn boolean not null
);

-- The trigger of 0001 refuses everything but the removal of what is archived, by the function below. The privilege stays
-- revoked as well: the function has it for as long as it runs.
create function log.refuse_event_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('purser.removes_archived', true) = 'on' then
    return null;
  end if;
  raise exception 'the event log is append-only: % on % is refused', lower(tg_op), tg_table_name
    using errcode = 'insufficient_privilege';
end $$;
drop trigger append_only on log.events;
create trigger append_only before update or delete or truncate on log.events
  for each statement execute function log.refuse_event_change();
alter table log.events enable always trigger append_only;

-- Removes these events, those that are there, from streams of leases and of access, up to the newest edge. `leases` begin no
-- more from then on. Returns how many were removed.
create function log.remove_archived(positions bigint[], event_ids uuid[], leases uuid[], withdrawn boolean[]) returns int
language plpgsql as $$
declare
  removed int;
begin
  insert into log.archived_leases as known (lease_id, withdrawn)
    select lease, bool_or(taken_back) from unnest(leases, withdrawn) n (lease, taken_back) group by lease
    on conflict (lease_id) do update set withdrawn = known.withdrawn or excluded.withdrawn;
  grant delete on log.events to current_user;
  perform set_config('purser.removes_archived', 'on', true);
  delete from log.events e using unnest(positions, event_ids) n (position, event_id)
    where e.position = n.position and e.event_id = n.event_id
      and e.stream ~ '^(lease|reissue|audit-read|refusals|access)-'
      and e.position <= (select max(a.up_to) from log.event_archives a);
  get diagnostics removed = row_count;
  perform set_config('purser.removes_archived', 'off', true);
  revoke delete on log.events from current_user;
  return removed;
end $$;
