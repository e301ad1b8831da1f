-- compatible since: 0010
-- Files that `purser archive` wrote and verified, as long as the table still has their entries. The code authenticates all of
-- it: nobody else can say that entries are archived. No backup has them: the restored read models have all rows again.
create table projection.audit_archives (
  project_id text not null,
  -- The last entry in the file.
  last bigint not null,
  -- All entries in the file are from before this time.
  occurred_before timestamptz(3) not null,
  code text not null,
  primary key (project_id, last)
);
