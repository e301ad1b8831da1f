-- Sealed secrets, one row for each credential version. The log holds none of this: a row refers to nothing, and events
-- refer to rows by id and digest. Destroying a secret is an update that leaves id, binding and digest behind.
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
  -- Whatever writes here, a destroyed secret has no key, and one that is not destroyed can be opened.
  constraint destroyed_means_gone check (
    case when state = 'destroyed'
      then num_nonnulls(kek_id, wrapped_key, message_id, commitment, ciphertext) = 0 and destroyed_at is not null
      else num_nonnulls(kek_id, wrapped_key, message_id, commitment, ciphertext) = 5 and destroyed_at is null
    end)
) with (
  -- A page that is fuller than this is pruned of dead row versions when it is next read or written, and an update
  -- finds room beside the old version. The old version of a destroyed row holds its key: it should go soon.
  fillfactor = 70,
  -- Vacuum by number, not by share of the table, and at full speed.
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

-- No update is heap-only: destroyed rows, the bulk after a while, are in no index but the primary key's, which makes
-- all three scans below as short as what they look for.
create index secrets_of_registry on vault.secrets (registry_id, credential_version) where state <> 'destroyed';
create index pending_secrets on vault.secrets (sealed_at) where state = 'pending';
create index secrets_under_key on vault.secrets (kek_id, secret_id) where state <> 'destroyed';

-- To destroy a secret is to set its state: the rest follows here, whoever does it, and cannot be undone.
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

-- All that follows can be repeated: events may come again, in their order.

-- Makes the secrets current and destroys what they replace: all secrets of a lower version of the same registry, and
-- those pending at the same version, which lost against them. A higher version is never touched: it is pending for an
-- event that is still to come, or its event came first and this one is being repeated.
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

-- Destroys all secrets of each registry up to and including the version beside it. What is pending above that belongs
-- to a registry that is being created again.
create function vault.destroy_registries(registry_ids uuid[], up_to_versions int[]) returns void language sql as $$
  update vault.secrets s set state = 'destroyed'
  from unnest(registry_ids, up_to_versions) as deleted(registry_id, up_to_version)
  where s.registry_id = deleted.registry_id
    and s.credential_version <= deleted.up_to_version
    and s.state <> 'destroyed';
$$;

-- Destroys pending secrets that no event refers to. One that is current stays: its event came.
create function vault.destroy_secrets(secret_ids uuid[]) returns void language sql as $$
  update vault.secrets set state = 'destroyed'
  where secret_id = any(secret_ids) and state = 'pending';
$$;
