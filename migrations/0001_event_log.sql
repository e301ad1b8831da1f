-- The source of truth. Events are only added, never changed or removed, and nothing here is derived.
create schema log;

-- json rather than jsonb: no query looks inside, the text stays as written, and events of 700 bytes cost the server a
-- quarter less to write and to read, at the same size on disk.
create table log.events (
  -- The order of all events of all streams, without gaps.
  position bigint primary key,
  occurred_at timestamptz(3) not null,
  appended_at timestamptz not null default now(),
  event_id uuid not null,
  -- The event's place in its stream, from 0, without gaps.
  revision int not null check (revision >= 0),
  schema_version smallint not null,
  stream text not null,
  type text not null,
  data json not null,
  metadata json not null,
  unique (stream, revision),
  unique (stream, event_id)
);

-- The position of the last event. An append locks this row until its commit, so positions become visible in their order:
-- a reader who asks for the events after n can never miss one that commits later.
create table log.head (
  only_row boolean primary key default true check (only_row),
  position bigint not null
);
insert into log.head (position) values (0);

-- Two guards against changes. The trigger stops every role, superusers included, until someone removes it. The privileges
-- are revoked from the owner itself, because in a managed database the service's role cannot create another role to own
-- the table. The owner could grant them to itself again, but not by a mistaken statement.
create function log.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'the event log is append-only: % on % is refused', lower(tg_op), tg_table_name
    using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete or truncate on log.events
  for each statement execute function log.refuse_change();
alter table log.events enable always trigger append_only;
create trigger one_row before insert or delete or truncate on log.head
  for each statement execute function log.refuse_change();
alter table log.head enable always trigger one_row;
revoke update, delete, truncate on log.events from public, current_user;
revoke insert, delete, truncate on log.head from public, current_user;

-- Appends events to one or more streams. All events of a stream are appended or none; a refusal for one stream does not
-- affect the others. Each array has one element for each event. A stream's events are adjacent, with their places (from 0)
-- and the same expected revision: -1 = the stream must not exist, -2 = any, else the revision of the stream's last event.
-- Returns one row for each event, in the same order:
--   appended         with its position and revision
--   repeated         the same; an earlier call already appended events with these ids to this stream
--   wrong_revision   with the revision of the stream's last event, -1 if the stream does not exist
-- Ids are compared within the stream only, as other stores do. Callers must use equal ids only for equal events.
create function log.append_events(
  streams text[],
  expected int[],
  places int[],
  event_ids uuid[],
  types text[],
  schema_versions smallint[],
  occurred timestamptz[],
  data json[],
  metadata json[]
) returns table (outcome text, "position" bigint, revision int)
language plpgsql
-- One plan for all calls, with index look-ups only: planning each time costs more than running, and a plan made for a
-- small table would keep scanning the whole table.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  seen bigint;
  base bigint;
  taken int;
  accepted int;
  offsets int[];
  actuals int[];
  known_streams text[];
begin
  -- Events must be durable before they are acknowledged, whatever the server, the database or the role has as its default.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;

  loop
    -- First look for earlier appends: a repeated call gets its first answer, even if the stream has grown since.
    select (select h.position from log.head h),
           array(select n.stream from unnest(streams, event_ids) n (stream, event_id)
                   join log.events e on e.stream = n.stream and e.event_id = n.event_id)
      into strict seen, known_streams;

    -- offset: the event's place among all accepted events, 0 if its append is refused.
    select array_agg(case when j.accepted then j.running else 0 end), array_agg(j.actual), coalesce(max(j.running), 0)
      into offsets, actuals, accepted
      from (
        select i.actual, i.accepted, count(*) filter (where i.accepted) over (order by i.ordinal) as running
          from (
            select n.ordinal, a.actual,
                   n.expected in (-2, a.actual) and n.stream <> all (known_streams) as accepted
              from unnest(streams, expected) with ordinality n (stream, expected, ordinal)
             cross join lateral (
               select coalesce((select e.revision from log.events e where e.stream = n.stream
                                 order by e.revision desc limit 1), -1) as actual
             ) a
          ) i
      ) j;

    if base is not null then
      -- The second judgement, under the lock, may accept fewer or more events.
      if accepted <> taken then
        update log.head h set position = base + accepted;
      end if;
      exit;
    end if;
    -- What was refused may be a call that is repeated while the first one commits: its events then came between the two
    -- questions above.
    exit when accepted = 0 and seen = (select h.position from log.head h);
    taken := accepted;
    -- Take the lock as late as possible; it lasts until the commit. If another process appended since the judgement, judge
    -- once more.
    update log.head h set position = h.position + taken returning h.position - taken into base;
    exit when base = seen;
  end loop;

  if accepted > 0 then
    insert into log.events
      (position, stream, revision, event_id, type, schema_version, occurred_at, data, metadata)
    select base + n.ahead, n.stream, n.actual + 1 + n.place, n.event_id, n.type, n.schema_version, n.occurred_at,
           n.data, n.metadata
      from unnest(offsets, streams, actuals, places, event_ids, types, schema_versions, occurred, data, metadata)
             n (ahead, stream, actual, place, event_id, type, schema_version, occurred_at, data, metadata)
     where n.ahead > 0;
    perform pg_notify('purser_log', '');
  end if;

  if known_streams = '{}' then
    return query
      select case when n.ahead > 0 then 'appended' else 'wrong_revision' end,
             base + n.ahead,
             case when n.ahead > 0 then n.actual + 1 + n.place else n.actual end
        from unnest(offsets, actuals, places) n (ahead, actual, place);
  else
    return query
      with given as (
        -- Repeated means that the earlier append was exactly this one: the same events, one after the other.
        select n.*, e.position as known_position, e.revision as known_revision,
               coalesce(e.revision - n.place = min(e.revision) over append, false) as same
          from unnest(offsets, streams, actuals, places, event_ids)
                 with ordinality n (ahead, stream, actual, place, event_id, ordinal)
          left join log.events e on e.stream = n.stream and e.event_id = n.event_id and n.ahead = 0
        window append as (partition by n.stream)
      ), judged as (
        select g.*, bool_and(g.same) over (partition by g.stream) as repeated from given g
      )
      select case when j.ahead > 0 then 'appended' when j.repeated then 'repeated' else 'wrong_revision' end,
             case when j.ahead > 0 then base + j.ahead when j.repeated then j.known_position end,
             case when j.ahead > 0 then j.actual + 1 + j.place when j.repeated then j.known_revision else j.actual end
        from judged j
       order by j.ordinal;
  end if;
end $$;
