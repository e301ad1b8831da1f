-- The turns that each key took in its current window, shared by all replicas, and how many of them each taker took.
create table projection.rate_limits (
  key text primary key,
  window_ends_at timestamptz not null default '-infinity',
  taken int not null default 0,
  taken_by jsonb not null default '{}'
);

-- Takes a turn if one is left for this taker, who may have only a share of them; a window begins with its first turn. Returns
-- 0, or the seconds until the next window. A refused turn counts for nobody.
create function projection.take_turn(turn_key text, taker text, turns int, share int, window_length interval)
returns double precision language plpgsql as $$
begin
  insert into projection.rate_limits (key) values (turn_key) on conflict (key) do nothing;
  update projection.rate_limits set window_ends_at = now() + window_length, taken = 0, taken_by = '{}'
   where key = turn_key and window_ends_at <= now();
  update projection.rate_limits
     set taken = taken + 1,
         taken_by = taken_by || jsonb_build_object(taker, coalesce((taken_by ->> taker)::int, 0) + 1)
   where key = turn_key and taken < turns and coalesce((taken_by ->> taker)::int, 0) < share;
  if found then
    return 0;
  end if;
  return (select greatest(extract(epoch from window_ends_at - now()), 0.001)
            from projection.rate_limits where key = turn_key);
end $$;
