-- Sealed secrets, one row for each credential version. The log contains no secrets: events refer to rows by id and digest,
-- and rows refer to nothing. Destroying a secret is an update that leaves id, binding and digest.
create schema vault;

create table vault.secrets (
  secret_id uuid primary key,
  project_id text not null,
  registry_id uuid not null,
  credential_version int not null check (credential_version > 0),
  host text not null,
  state text not null check (state in ('pending', 'staged', 'current', 'retiring', 'destroyed')),
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
  -- When `purser doctor --repair` found that the row does not open, with the right key. It counts as missing from then on.
  unreadable_at timestamptz,
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
-- primary key's index, so each scan of those below reads only the rows that it looks for.
create index secrets_of_registry on vault.secrets (registry_id, credential_version) where state <> 'destroyed';
create index pending_secrets on vault.secrets (sealed_at) where state = 'pending';
create index retiring_secrets on vault.secrets (secret_id) where state = 'retiring';
create index secrets_under_key on vault.secrets (kek_id, secret_id) where state <> 'destroyed';

-- One row for each key-encryption key that this database was ever used with. It opens only with that key, so that a
-- replica with another key under the same id is found at its start.
create table vault.key_checks (
  kek_id int primary key,
  check_value bytea not null,
  created_at timestamptz not null default now(),
  -- Its id stays taken.
  retired_at timestamptz
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

-- A secret goes through these states in this order. It may skip some, and it never goes back.
create function vault.place_of(state text) returns int immutable language sql as $$
  select array_position(array['pending', 'staged', 'current', 'retiring', 'destroyed'], state);
$$;

-- Moves each secret on to the state in the second array, and destroys the losers that are pending at its version. A secret
-- that is in a later state, or is destroyed, stays so: this event is repeated.
create function vault.advance(secret_ids uuid[], states text[]) returns void language sql as $$
  update vault.secrets s set state = 'destroyed'
  from vault.secrets settled
  where settled.secret_id = any(secret_ids)
    and s.registry_id = settled.registry_id
    and s.credential_version = settled.credential_version
    and s.state = 'pending' and s.secret_id <> all(secret_ids);

  update vault.secrets s set state = advanced.state, settled_at = now()
  from unnest(secret_ids, states) as advanced(secret_id, state)
  where s.secret_id = advanced.secret_id and vault.place_of(s.state) < vault.place_of(advanced.state);
$$;

-- Destroys all secrets of each registry up to and including its version in the second array, but those of the version in
-- the third. Secrets of higher versions are pending for an event that is still to come, or have had it.
create function vault.destroy_registries(
  registry_ids uuid[], up_to_versions int[], kept_versions int[] default '{}'
) returns void language sql as $$
  update vault.secrets s set state = 'destroyed'
  from unnest(registry_ids, up_to_versions, kept_versions) as deleted(registry_id, up_to_version, kept_version)
  where s.registry_id = deleted.registry_id
    and s.credential_version <= deleted.up_to_version
    and s.credential_version is distinct from deleted.kept_version
    and s.state <> 'destroyed';
$$;

-- Destroys secrets that events have ended, whatever state they are in, and the losers of their versions.
create function vault.end_secrets(secret_ids uuid[]) returns void language sql as $$
  update vault.secrets s set state = 'destroyed'
  from vault.secrets ended
  where ended.secret_id = any(secret_ids)
    and s.registry_id = ended.registry_id
    and s.credential_version = ended.credential_version
    and s.state <> 'destroyed';
$$;

-- Destroys pending secrets that no event refers to. All others stay, because an event refers to them.
create function vault.destroy_secrets(secret_ids uuid[]) returns void language sql as $$
  update vault.secrets set state = 'destroyed'
  where secret_id = any(secret_ids) and state = 'pending';
$$;

-- All of the above at once: what events have decided. A command calls it before it answers, and the projector again, in
-- its transaction. Both lock the rows in the order of their ids before they change one, so that they cannot deadlock. Rows
-- that are as they should be are neither locked nor changed, so that whoever comes second does not wait.
create function vault.settle_all(
  advanced_ids uuid[], states text[], registry_ids uuid[], up_to_versions int[], kept_versions int[], ended_ids uuid[],
  discarded_ids uuid[]
) returns void language plpgsql as $$
begin
  perform from vault.secrets s
   where s.secret_id = any (array(
           select a.secret_id
             from unnest(advanced_ids, states) a (secret_id, state)
             join vault.secrets o on o.secret_id = a.secret_id and vault.place_of(o.state) < vault.place_of(a.state)
           union all
           select o.secret_id
             from vault.secrets a
             join vault.secrets o on o.registry_id = a.registry_id and o.credential_version = a.credential_version
              and o.state = 'pending'
            where a.secret_id = any(advanced_ids)
           union all
           select o.secret_id
             from unnest(registry_ids, up_to_versions, kept_versions) d (registry_id, up_to_version, kept_version)
             join vault.secrets o on o.registry_id = d.registry_id and o.credential_version <= d.up_to_version
              and o.credential_version is distinct from d.kept_version and o.state <> 'destroyed'
           union all
           select o.secret_id
             from vault.secrets e
             join vault.secrets o on o.registry_id = e.registry_id and o.credential_version = e.credential_version
              and o.state <> 'destroyed'
            where e.secret_id = any(ended_ids)
           union all
           select o.secret_id from vault.secrets o where o.secret_id = any(discarded_ids) and o.state = 'pending'))
   order by s.secret_id
     for update;

  if cardinality(advanced_ids) > 0 then perform vault.advance(advanced_ids, states); end if;
  if cardinality(registry_ids) > 0 then
    perform vault.destroy_registries(registry_ids, up_to_versions, kept_versions);
  end if;
  if cardinality(ended_ids) > 0 then perform vault.end_secrets(ended_ids); end if;
  if cardinality(discarded_ids) > 0 then perform vault.destroy_secrets(discarded_ids); end if;
end $$;
