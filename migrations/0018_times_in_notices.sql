-- The text of a notice is computed from events. That of a rotation had a time as programs write it.
-- compatible since: 0010

update read_models.notices
  set message = regexp_replace(message, ', until (\d{4}-\d\d-\d\d)T(\d\d:\d\d):[\d.]+Z at the latest\.$', ', at the latest until \1 at \2 UTC.')
  where kind = 'ROTATED' and message like '% at the latest.';
