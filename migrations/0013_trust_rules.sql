-- compatible since: 0010
-- What the token of a CI system said, of leases that trust rules let a pipeline have, and when each rule last let one.
alter table read_models.leases add column identity json;

create table read_models.trust_rule_uses (
  rule_id uuid primary key,
  project_id text not null,
  last_used_at timestamptz(3) not null
);
create index trust_rule_uses_by_project on read_models.trust_rule_uses (project_id);
