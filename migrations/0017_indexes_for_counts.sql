-- Indexes that have all that a count looks at, so that it reads no table. Each takes the place of one with the same key, or a
-- like one.
-- compatible since: 0010

-- EXPIRED, and what expires before a time.
drop index read_models.registries_by_expiry;
create index registries_by_expiry on read_models.registries (project_id, coalesce(expires_at, 'infinity'), id)
  include (expires_at, secret_missing) where phase = 'live';

drop index read_models.registries_failing;
create index registries_failing on read_models.registries (project_id, lower(name), id) include (expires_at, secret_missing)
  where phase = 'live' and coalesce(health->>'outcome' in ('AUTHENTICATION_FAILED', 'EXPIRED')
    and (health->>'credentialVersion')::int = credential_version, false);

-- EXPIRING and ACTIVE, which differ by the time alone. Without an expiry a registry never begins to expire.
drop index read_models.registries_by_expiring;
create index registries_by_expiring on read_models.registries (project_id, coalesce(expiring_from, 'infinity'), id)
  include (expiring_from, expires_at)
  where phase = 'live' and not secret_missing and not coalesce(health->>'outcome' in ('AUTHENTICATION_FAILED', 'EXPIRED')
    and (health->>'credentialVersion')::int = credential_version, false);

drop index read_models.registry_uses_by_late_time;
create index registry_uses_by_late_time on read_models.registry_uses
  (project_id, coalesce(used_minute, '-infinity'), registry_id) include (used_minute);

-- Active leases, and the registries whose earlier leases a deletion ended.
drop index read_models.leases_active;
create index leases_active on read_models.leases (registry_id, expires_at) include (project_id, credential_version)
  where released_at is null;
drop index read_models.leases_active_of_project;
create index leases_active_of_project on read_models.leases (project_id, expires_at)
  include (registry_id, credential_version) where released_at is null;
drop index read_models.registries_ended;
create index registries_ended on read_models.registries (project_id, id) include (phase, first_version)
  where phase = 'deleted' or first_version > 1;
