-- What was removed from the read models because it was kept long enough. The log still has it.
-- compatible since: 0010

-- Up to where the rows of each project are removed, so that a subscriber hears what it can no longer get, and a rebuild does
-- not bring them back. `what` is the table; of notices and changes the number is that of the row, of leases the time of issue in
-- milliseconds since 1970. The code authenticates all of it: a writer to the database cannot hide rows by it.
create table projection.removed_rows (
  what text not null,
  project_id text not null,
  up_to bigint not null,
  code text not null,
  primary key (what, project_id)
);

-- How long subscribers could have had it. A rebuild makes rows anew, but brings none of the removed ones back.
alter table read_models.changes add column written_at timestamptz(3) not null default now();
