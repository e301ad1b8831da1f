-- Minted passwords, sealed like the credentials that they are minted from, until newer ones replace them. They live for
-- hours at most, and if one no longer opens, a new one is minted.
create table vault.minted_passwords (
  source_secret_id uuid not null references vault.secrets on delete cascade,
  purpose text not null check (purpose in ('PULL', 'PUSH')),
  project_id text not null,
  registry_id uuid not null,
  credential_version int not null,
  host text not null,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  format smallint not null,
  kek_id int not null,
  wrapped_key bytea not null,
  message_id bytea not null,
  commitment bytea not null,
  ciphertext bytea not null,
  digest bytea not null check (octet_length(digest) = 32),
  primary key (source_secret_id, purpose)
) with (
  -- As for vault.secrets: replaced and deleted rows should soon be gone from the pages.
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 100,
  autovacuum_vacuum_cost_delay = 0,
  toast.autovacuum_vacuum_scale_factor = 0,
  toast.autovacuum_vacuum_threshold = 100,
  toast.autovacuum_vacuum_cost_delay = 0
);
alter table vault.minted_passwords alter column ciphertext set storage external;
create index minted_under_key on vault.minted_passwords (kek_id, source_secret_id, purpose);

-- Destroying a credential also destroys the passwords minted from it, in the same transaction.
create function vault.shred_minted() returns trigger language plpgsql as $$
begin
  delete from vault.minted_passwords where source_secret_id = new.secret_id;
  return null;
end $$;
create trigger shred_minted after update on vault.secrets for each row
  when (old.state <> 'destroyed' and new.state = 'destroyed') execute function vault.shred_minted();

-- Stores a minted password in place of one that expires earlier. Returns false, and stores nothing, if its source is
-- destroyed. It locks the source's row first: a later destruction waits and then deletes this password, and an earlier one
-- is seen here. Under that lock it waits only for other calls of this function.
create function vault.keep_minted(kept vault.minted_passwords) returns boolean language plpgsql as $$
begin
  perform from vault.secrets where secret_id = kept.source_secret_id and state <> 'destroyed' for share;
  if not found then return false; end if;
  insert into vault.minted_passwords as known select kept.*
  on conflict (source_secret_id, purpose) do update set
    project_id = excluded.project_id,
    registry_id = excluded.registry_id,
    credential_version = excluded.credential_version,
    host = excluded.host,
    issued_at = excluded.issued_at,
    expires_at = excluded.expires_at,
    format = excluded.format,
    kek_id = excluded.kek_id,
    wrapped_key = excluded.wrapped_key,
    message_id = excluded.message_id,
    commitment = excluded.commitment,
    ciphertext = excluded.ciphertext,
    digest = excluded.digest
  where known.expires_at < excluded.expires_at;
  return true;
end $$;
