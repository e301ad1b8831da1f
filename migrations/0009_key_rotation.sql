-- What the rotation of key-encryption keys needs beside the keys.

-- The keys that each running replica has, so that none is made primary before all have it. A replica writes its row every
-- few seconds. The rows are true only of the moment: they are in no backup, and gone after a crash of Postgres.
create unlogged table vault.key_holders (
  replica text primary key,
  key_ids int[] not null,
  primary_key_id int not null,
  seen_at timestamptz not null default now()
);

-- Nothing comes under a retired key, whatever a replica with an old key file does. The lock makes `retire_key` wait for
-- writes under way, and writes wait for it.
create function vault.refuse_retired_key() returns trigger language plpgsql as $$
declare
  retired timestamptz;
begin
  select k.retired_at into retired from vault.key_checks k where k.kek_id = new.kek_id for key share;
  if retired is not null then
    raise exception 'key % is retired: give this replica the key file that has the new primary key', new.kek_id
      using errcode = 'PU004';
  end if;
  return new;
end $$;
create trigger refuse_retired_key before insert or update of kek_id on vault.secrets for each row
  when (new.kek_id is not null) execute function vault.refuse_retired_key();
create trigger refuse_retired_key before insert or update of kek_id on vault.minted_passwords for each row
  execute function vault.refuse_retired_key();
create trigger refuse_retired_key before insert or update of kek_id on vault.event_keys for each row
  execute function vault.refuse_retired_key();
create trigger refuse_retired_key before insert or update of kek_id on vault.audit_keys for each row
  when (new.kek_id is not null) execute function vault.refuse_retired_key();

-- How many rows of each kind need each key. Keys that no row needs are left out.
create function vault.rows_by_key() returns table (
  kek_id int, secrets int, minted_passwords int, event_keys int, audit_keys int
) stable language sql as $$
  select u.kek_id, sum(u.secrets)::int, sum(u.minted_passwords)::int, sum(u.event_keys)::int, sum(u.audit_keys)::int
  from (
    select s.kek_id, count(*), 0, 0, 0 from vault.secrets s where s.state <> 'destroyed' group by s.kek_id
    union all
    select m.kek_id, 0, count(*), 0, 0 from vault.minted_passwords m group by m.kek_id
    union all
    select e.kek_id, 0, 0, count(*), 0 from vault.event_keys e group by e.kek_id
    union all
    select a.kek_id, 0, 0, 0, count(*) from vault.audit_keys a where a.kek_id is not null group by a.kek_id
  ) u (kek_id, secrets, minted_passwords, event_keys, audit_keys)
  group by u.kek_id order by u.kek_id;
$$;

create function vault.is_needed(needed int) returns boolean stable language sql as $$
  select exists (select from vault.secrets s where s.state <> 'destroyed' and s.kek_id = needed)
      or exists (select from vault.minted_passwords m where m.kek_id = needed)
      or exists (select from vault.event_keys e where e.kek_id = needed)
      or exists (select from vault.audit_keys a where a.kek_id = needed);
$$;

-- Marks the key as retired unless a row needs it. From then on none can.
create function vault.retire_key(retired int) returns boolean language plpgsql as $$
begin
  perform from vault.key_checks where kek_id = retired for update;
  if vault.is_needed(retired) then return false; end if;
  update vault.key_checks set retired_at = coalesce(retired_at, now()) where kek_id = retired;
  return true;
end $$;
