-- What the last test of each credential found, what its shape warns of, and how passwords are minted from it.
alter table read_models.registries
  add column warnings jsonb not null default '[]',
  add column mint jsonb,
  -- Of the last test, whatever version it tested.
  add column health jsonb;

-- The turns of every key in the window under way, shared by all replicas.
create table projection.rate_limits (
  key text primary key,
  window_ends_at timestamptz not null,
  taken int not null
);

-- Takes a turn if there is one left, in a window that begins with the first.
create function projection.take_turn(turn_key text, turns int, window_length interval) returns boolean
language sql as $$
  insert into projection.rate_limits as l (key, window_ends_at, taken) values (turn_key, now() + window_length, 1)
  on conflict (key) do update set
    window_ends_at = case when l.window_ends_at <= now() then excluded.window_ends_at else l.window_ends_at end,
    taken = case when l.window_ends_at <= now() then 1 else l.taken + 1 end
  returning taken <= turns;
$$;

-- The version that the registry was created with, the last time: leases of lower versions ended when it was deleted.
alter table read_models.registries add column first_version int;
update read_models.registries r set first_version = (
  select (e.data->'credential'->>'version')::int from log.events e
  where e.stream = 'registry-' || r.id and e.type = 'RegistryCreated'
  order by e.revision desc limit 1)
where r.phase = 'live';

-- What a parked event says of versions, so that a later deletion destroys up to the highest.
alter table read_models.parked_events add column credential_version int;
