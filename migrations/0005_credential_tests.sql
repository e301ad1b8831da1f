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

-- Takes a turn if there is one left, in a window that begins with the first: 0, else the seconds until the next window.
create function projection.take_turn(turn_key text, turns int, window_length interval) returns double precision
language sql as $$
  insert into projection.rate_limits as l (key, window_ends_at, taken) values (turn_key, now() + window_length, 1)
  on conflict (key) do update set
    window_ends_at = case when l.window_ends_at <= now() then excluded.window_ends_at else l.window_ends_at end,
    taken = case when l.window_ends_at <= now() then 1 else l.taken + 1 end
  returning case when taken <= turns then 0 else extract(epoch from window_ends_at - now()) end;
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

-- A rebuild can come to the same position with other rows, of which a projector that goes on must not know the old ones.
alter table read_models.checkpoint add column generation uuid not null default gen_random_uuid();

-- In place of the one that looked at the position alone, so that a build that would write on so can write no more.
drop function projection.advance_checkpoint(text, numeric, numeric, bigint, bigint);
create function projection.advance_checkpoint(
  checkpoint_table text, known_generation uuid, old_position numeric, new_position numeric, notices bigint, changes bigint
) returns void language plpgsql as $$
declare moved int;
begin
  execute format(
    'update %s set position = $3, notice_sequence = $4, change_sequence = $5, updated_at = now()
     where position = $2 and generation = $1',
    checkpoint_table)
  using known_generation, old_position, new_position, notices, changes;
  get diagnostics moved = row_count;
  if moved = 0 then
    raise exception 'the checkpoint is not at %', old_position using errcode = 'PU001';
  end if;
end $$;
