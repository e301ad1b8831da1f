-- Notices on their way to webhooks. What was sent to whom cannot be built again from the log, so a rebuild of the read
-- models leaves this schema alone. Where a webhook leads is not here: it is in the configuration.
create schema webhooks;

-- The position of the last event whose notice is here. Events up to it never give another delivery.
create table webhooks.head (
  only_row boolean primary key default true check (only_row),
  position numeric(39) not null
);
insert into webhooks.head (position) values (0);

create table webhooks.notices (
  event_id uuid primary key,
  position numeric(39) not null,
  -- The place in the order of all notices, for cursors.
  sequence bigint not null,
  project_id text not null,
  registry_id uuid not null,
  kind text not null,
  occurred_at timestamptz(3) not null,
  -- The rest of the notice, as receivers get it.
  notice json not null,
  -- The message authentication code of all that receivers are told. Without it nothing is sent.
  code text not null,
  -- Whether its deliveries are there.
  distributed boolean not null default false
);
create index notices_to_distribute on webhooks.notices (sequence) where not distributed;

-- One notice for one webhook.
create table webhooks.deliveries (
  id uuid primary key default gen_random_uuid(),
  sequence bigint generated always as identity,
  event_id uuid not null references webhooks.notices on delete cascade,
  webhook text not null,
  project_id text not null,
  state text not null check (state in ('PENDING', 'DELIVERED', 'DEAD_LETTER')),
  created_at timestamptz(3) not null,
  -- Since the delivery was made or replayed: what waits for too long is given up.
  waiting_since timestamptz(3) not null,
  -- When the next attempt is due. During an attempt: when it counts as lost.
  due_at timestamptz(3) not null,
  -- Since the delivery was made or replayed.
  attempts int not null default 0,
  -- Goes up with every attempt and never down, so that a late result of an attempt that counts as lost changes nothing.
  claim int not null default 0,
  last_attempt_at timestamptz(3),
  last_fault text,
  last_status_class smallint,
  finished_at timestamptz(3),
  unique (event_id, webhook)
);
create index deliveries_due on webhooks.deliveries (webhook, due_at, sequence) where state = 'PENDING';
create index deliveries_by_age on webhooks.deliveries (waiting_since) where state = 'PENDING';
create index deliveries_by_end on webhooks.deliveries (finished_at) where state <> 'PENDING';
create index deliveries_by_project on webhooks.deliveries (project_id, sequence);
create index deliveries_by_state on webhooks.deliveries (project_id, state, sequence);
create index deliveries_by_webhook on webhooks.deliveries (project_id, webhook, sequence);
create index deliveries_by_both on webhooks.deliveries (project_id, webhook, state, sequence);

-- What receivers asked for. It holds only for the URL and the secrets that the fingerprint was made of.
create table webhooks.receivers (
  webhook text primary key,
  fingerprint text not null,
  disabled_at timestamptz(3),
  paused_until timestamptz(3)
);

-- Called by the projector, in the transaction that writes the notices, and by a rebuild for events that the projector has
-- not passed. The lock makes them wait for each other, so that each notice is added by one of them.
create function webhooks.add_notices(added json) returns void language plpgsql as $$
declare passed numeric(39);
begin
  select position into strict passed from webhooks.head for update;
  insert into webhooks.notices (event_id, position, sequence, project_id, registry_id, kind, occurred_at, notice, code)
    select event_id, position, sequence, project_id, registry_id, kind, occurred_at, notice, code
      from json_populate_recordset(null::webhooks.notices, added) where position > passed
    on conflict (event_id) do nothing;
  update webhooks.head
     set position = (select max(position) from json_populate_recordset(null::webhooks.notices, added))
   where position < (select max(position) from json_populate_recordset(null::webhooks.notices, added));
end $$;
