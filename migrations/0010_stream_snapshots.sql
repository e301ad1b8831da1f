-- States of long streams, so that they need not be folded from their first event on. They follow from the events: rows may
-- be deleted at any time, and no backup has them. One state for each fifty events of a stream. The code authenticates all
-- of the row, so that nobody else can add one that is used.
create table projection.stream_snapshots (
  stream text not null,
  revision int not null check (revision > 0),
  event_id uuid not null,
  -- Of the code that folded it. Another version's state is not used.
  fold_version text not null,
  state text not null,
  code text not null,
  primary key (stream, revision)
);
