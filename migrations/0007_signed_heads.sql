-- The keys that heads of audit chains are signed with (Ed25519). The newest one signs. A retired key has lost its private
-- half for good; its public half stays, so that what it signed can be verified. Never delete a row.
create table vault.audit_keys (
  id int primary key check (id > 0),
  -- The first 16 hexadecimal digits of the SHA-256 of the public key: docs/audit-format.md.
  key_id text not null unique,
  public_key bytea not null check (octet_length(public_key) = 32),
  kek_id int,
  wrapped_key bytea,
  created_at timestamptz(3) not null default now(),
  retired_at timestamptz(3),
  constraint retired_means_gone check (num_nonnulls(kek_id, wrapped_key) = case when retired_at is null then 2 else 0 end)
);

-- Signed heads of audit chains: at most one a project and minute, and only where the chain moved. A row takes about 300
-- bytes, so a project that is used in every minute of a year has 160 MB of them, and one with 1,000 entries a day 0.3 MB
-- a day at most. They do not follow from the events, so no rebuild touches them.
create table log.signed_heads (
  project_id text not null,
  sequence bigint not null,
  -- The order of all heads, for putting them outside the database.
  number bigint not null unique,
  format smallint not null,
  hash text not null,
  signed_at timestamptz(3) not null,
  key_id text not null,
  instance text not null,
  signature bytea not null check (octet_length(signature) = 64),
  primary key (project_id, sequence)
);
create trigger append_only before update or delete or truncate on log.signed_heads
  for each statement execute function log.refuse_change();

-- Up to which head each anchor outside the database has them.
create table log.anchored_heads (
  anchor text primary key,
  number bigint not null,
  -- The message authentication code of anchor and number: with a number that somebody raised, heads would not be brought.
  code text not null,
  anchored_at timestamptz(3) not null
);

-- The audit entries of events that could not be applied, as they were entered: what is signed must stay, although a later
-- build can apply the event, or a forged one was removed. A build of the read models enters them at the same place again.
create table log.parked_entries (
  like read_models.audit_entries,
  primary key (project_id, sequence)
);
create trigger append_only before update or delete or truncate on log.parked_entries
  for each statement execute function log.refuse_change();
