-- compatible since: 0010
-- Signatures of requests that were taken, so that no replica takes one again. A row is needed for as long as the signature is
-- young enough to be taken; later ones delete those that are not. No backup has them.
create table projection.taken_signatures (
  -- SHA-256 over the signer and what was signed.
  digest bytea primary key check (length(digest) = 32),
  needed_until timestamptz not null
);
create index taken_signatures_needed_until on projection.taken_signatures (needed_until);
