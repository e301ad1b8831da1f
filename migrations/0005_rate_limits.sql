-- The turns that each key took in its current window, shared by all replicas.
create table projection.rate_limits (
  key text primary key,
  window_ends_at timestamptz not null,
  taken int not null
);

-- Takes a turn if one is left; a window begins with its first turn. Returns 0, or the seconds until the next window.
create function projection.take_turn(turn_key text, turns int, window_length interval) returns double precision
language sql as $$
  insert into projection.rate_limits as l (key, window_ends_at, taken) values (turn_key, now() + window_length, 1)
  on conflict (key) do update set
    window_ends_at = case when l.window_ends_at <= now() then excluded.window_ends_at else l.window_ends_at end,
    taken = case when l.window_ends_at <= now() then 1 else l.taken + 1 end
  returning case when taken <= turns then 0 else extract(epoch from window_ends_at - now()) end;
$$;
