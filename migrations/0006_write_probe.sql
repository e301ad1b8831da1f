-- Each replica writes here from time to time to find out whether the database can be written.
create table projection.write_probe (
  only_row boolean primary key default true check (only_row),
  written_at timestamptz not null
) with (fillfactor = 10);
insert into projection.write_probe (written_at) values (now());

-- On a full disk the row above can still be updated, in the space of its older versions. This needs new space, for the table
-- and for the write-ahead log, and gives it back.
create function projection.probe_space() returns void language plpgsql as $$
begin
  create table projection.space_probe (filler text);
  -- Short enough to be stored as they are.
  insert into projection.space_probe select repeat(md5(n::text), 30) from generate_series(1, 512) n;
  drop table projection.space_probe;
end $$;
