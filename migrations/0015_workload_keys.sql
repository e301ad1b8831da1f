-- compatible since: 0010
-- The keys (RS256) of the tokens with which Purser logs in to clouds that store no secret of it. A key is published before it
-- signs, and stays published for a while after the next one has begun to. It is sealed by a data key of its row, which the key
-- ring wraps. There is no public half: what is published is derived from what opens, so nobody publishes a key by a row.
create table vault.workload_keys (
  id int primary key check (id > 0),
  -- Both keys are bound to it.
  signs_from timestamptz(3) not null,
  kek_id int not null,
  wrapped_key bytea not null,
  sealed_key bytea not null
);
create trigger refuse_retired_key before insert or update of kek_id on vault.workload_keys for each row
  execute function vault.refuse_retired_key();

-- As in 0009, with one more kind of row.
drop function vault.rows_by_key();
create function vault.rows_by_key() returns table (
  kek_id int, secrets int, minted_passwords int, event_keys int, audit_keys int, workload_keys int
) stable language sql as $$
  select u.kek_id, sum(u.secrets)::int, sum(u.minted_passwords)::int, sum(u.event_keys)::int, sum(u.audit_keys)::int,
         sum(u.workload_keys)::int
  from (
    select s.kek_id, count(*), 0, 0, 0, 0 from vault.secrets s where s.state <> 'destroyed' group by s.kek_id
    union all
    select m.kek_id, 0, count(*), 0, 0, 0 from vault.minted_passwords m group by m.kek_id
    union all
    select e.kek_id, 0, 0, count(*), 0, 0 from vault.event_keys e group by e.kek_id
    union all
    select a.kek_id, 0, 0, 0, count(*), 0 from vault.audit_keys a where a.kek_id is not null group by a.kek_id
    union all
    select w.kek_id, 0, 0, 0, 0, count(*) from vault.workload_keys w group by w.kek_id
  ) u (kek_id, secrets, minted_passwords, event_keys, audit_keys, workload_keys)
  group by u.kek_id order by u.kek_id;
$$;

create or replace function vault.is_needed(needed int) returns boolean stable language sql as $$
  select exists (select from vault.secrets s where s.state <> 'destroyed' and s.kek_id = needed)
      or exists (select from vault.minted_passwords m where m.kek_id = needed)
      or exists (select from vault.event_keys e where e.kek_id = needed)
      or exists (select from vault.audit_keys a where a.kek_id = needed)
      or exists (select from vault.workload_keys w where w.kek_id = needed);
$$;
