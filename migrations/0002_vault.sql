-- Sealed secrets, one row for each credential version. The log contains no secrets: events refer to rows by id and digest,
-- and rows refer to nothing. Destroying a secret is an update that leaves id, binding and digest.
create schema vault;

create table vault.secrets (
  secret_id uuid primary key,
  project_id text not null,
  registry_id uuid not null,
  credential_version int not null check (credential_version > 0),
  host text not null,
  state text not null check (state in ('pending', 'current', 'destroyed')),
  format smallint not null,
  kek_id int,
  wrapped_key bytea,
  message_id bytea,
  commitment bytea,
  ciphertext bytea,
  digest bytea not null check (octet_length(digest) = 32),
  sealed_at timestamptz not null default now(),
  settled_at timestamptz,
  destroyed_at timestamptz,
  -- Whatever writes here, a destroyed secret has no key, and all others have everything that is needed to open them.
  constraint destroyed_means_gone check (
    case when state = 'destroyed'
      then num_nonnulls(kek_id, wrapped_key, message_id, commitment, ciphertext) = 0 and destroyed_at is not null
      else num_nonnulls(kek_id, wrapped_key, message_id, commitment, ciphertext) = 5 and destroyed_at is null
    end)
) with (
  -- Postgres prunes dead row versions from a page that is fuller than this when it next reads or writes the page, and an
  -- update finds room beside the old version. The old version of a destroyed row contains its key, so it should go soon.
  fillfactor = 70,
  -- Vacuum after a number of rows, not after a share of the table, and at full speed.
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 100,
  autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0.02,
  toast.autovacuum_vacuum_scale_factor = 0,
  toast.autovacuum_vacuum_threshold = 100,
  toast.autovacuum_vacuum_cost_delay = 0
);
-- Ciphertext does not compress.
alter table vault.secrets alter column ciphertext set storage external;

-- These partial indexes make heap-only updates impossible. But destroyed rows, in time the great majority, are only in the
-- primary key's index, so each scan of the three below reads only the rows that it looks for.
create index secrets_of_registry on vault.secrets (registry_id, credential_version) where state <> 'destroyed';
create index pending_secrets on vault.secrets (sealed_at) where state = 'pending';
create index secrets_under_key on vault.secrets (kek_id, secret_id) where state <> 'destroyed';

-- One row for each key-encryption key that this database was ever used with. It opens only with that key, so that a
-- replica with another key under the same id is found at its start.
create table vault.key_checks (
  kek_id int primary key,
  check_value bytea not null,
  created_at timestamptz not null default now()
);

-- The keys of the message authentication codes of events, each wrapped by a key-encryption key. Never delete a row: what
-- its key has signed could not be verified any more.
create table vault.event_keys (
  id int primary key check (id > 0),
  kek_id int not null,
  wrapped_key bytea not null,
  created_at timestamptz not null default now()
);

-- To destroy a secret, set its state. This trigger does the rest for every caller, and it cannot be undone.
create function vault.shred() returns trigger language plpgsql as $$
begin
  if old.state = 'destroyed' then
    raise exception 'secret % is destroyed and stays so', old.secret_id using errcode = 'PU002';
  end if;
  new.kek_id := null;
  new.wrapped_key := null;
  new.message_id := null;
  new.commitment := null;
  new.ciphertext := null;
  new.destroyed_at := now();
  return new;
end $$;
create trigger shred before update on vault.secrets for each row
  when (old.state = 'destroyed' or new.state = 'destroyed') execute function vault.shred();

-- All functions below can be repeated, because events may come again, in their order.

-- Makes the secrets current and destroys those that they replace: all secrets of a lower version of the same registry, and
-- the losers that are pending at the same version. A higher version is never touched: it is pending and its event is still
-- to come, or its event came first and this one is repeated.
create function vault.settle(secret_ids uuid[]) returns void language sql as $$
  update vault.secrets s set state = 'destroyed'
  from vault.secrets settled
  where settled.secret_id = any(secret_ids)
    and s.registry_id = settled.registry_id
    and s.state <> 'destroyed'
    and (s.credential_version < settled.credential_version
      or s.credential_version = settled.credential_version and s.state = 'pending' and s.secret_id <> all(secret_ids));

  update vault.secrets set state = 'current', settled_at = now()
  where secret_id = any(secret_ids) and state = 'pending';
$$;

-- Destroys all secrets of each registry up to and including its version in the second array. Pending secrets of higher
-- versions belong to a registry that is being created again.
create function vault.destroy_registries(registry_ids uuid[], up_to_versions int[]) returns void language sql as $$
  update vault.secrets s set state = 'destroyed'
  from unnest(registry_ids, up_to_versions) as deleted(registry_id, up_to_version)
  where s.registry_id = deleted.registry_id
    and s.credential_version <= deleted.up_to_version
    and s.state <> 'destroyed';
$$;

-- Destroys pending secrets that no event refers to. A current secret stays, because an event refers to it.
create function vault.destroy_secrets(secret_ids uuid[]) returns void language sql as $$
  update vault.secrets set state = 'destroyed'
  where secret_id = any(secret_ids) and state = 'pending';
$$;

-- All of the above at once: what events have decided. A command calls it before it answers, and the projector again, in
-- its transaction. Both lock the rows in the order of their ids before they change one, so that they cannot deadlock. Rows
-- that are as they should be are neither locked nor changed, so that whoever comes second does not wait.
create function vault.settle_all(
  settled_ids uuid[], registry_ids uuid[], up_to_versions int[], discarded_ids uuid[]
) returns void language plpgsql as $$
begin
  perform from vault.secrets s
   where s.secret_id = any (array(
           select o.secret_id
             from vault.secrets c
             join vault.secrets o on o.registry_id = c.registry_id and o.state <> 'destroyed'
              and (o.credential_version < c.credential_version
                or o.credential_version = c.credential_version and o.state = 'pending')
            where c.secret_id = any(settled_ids)
           union all
           select o.secret_id
             from unnest(registry_ids, up_to_versions) d (registry_id, up_to_version)
             join vault.secrets o on o.registry_id = d.registry_id and o.credential_version <= d.up_to_version
              and o.state <> 'destroyed'
           union all
           select o.secret_id from vault.secrets o where o.secret_id = any(discarded_ids) and o.state = 'pending'))
   order by s.secret_id
     for update;

  if cardinality(settled_ids) > 0 then perform vault.settle(settled_ids); end if;
  if cardinality(registry_ids) > 0 then perform vault.destroy_registries(registry_ids, up_to_versions); end if;
  if cardinality(discarded_ids) > 0 then perform vault.destroy_secrets(discarded_ids); end if;
end $$;
