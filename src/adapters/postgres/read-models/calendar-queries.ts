import type { CalendarQueries } from '../../../application/ports/calendar-queries.ts';
import type { CalendarEntryKind } from '../../../domain/project-calendar.ts';
import type { Queryable } from '../statement.ts';
import type { CalendarFeedRow } from './calendar-feeds.ts';

/** Each half reads one index in its order, and no further than the limit. */
const ENTRIES = `
  (select 'EXPIRY' as kind, id, url, name, revision, changed_at, expires_at as due_at from read_models.registries
    where project_id = $1 and phase = 'live' and coalesce(expires_at, 'infinity') < 'infinity'
    order by coalesce(expires_at, 'infinity'), id limit $2)
  union all
  (select 'ROTATION' as kind, id, url, name, revision, changed_at, rotation_due_at as due_at from read_models.registries
    where project_id = $1 and phase = 'live' and rotation_due_at is not null order by rotation_due_at, id limit $2)
  order by due_at, id, kind limit $2`;

const FEEDS = `select id, project_id, name, created_at, created_by, expires_at from read_models.calendar_feeds
  where project_id = $1 and expires_at > $2 order by created_at desc, id`;

interface EntryRow {
  readonly kind: CalendarEntryKind;
  readonly id: string;
  readonly url: string;
  readonly name: string;
  readonly revision: number;
  readonly changed_at: string;
  readonly due_at: string;
}

export function createCalendarQueries(database: Queryable): CalendarQueries {
  return {
    async feeds(projectId, at) {
      const { rows } = await database.query<CalendarFeedRow>({
        name: 'calendar-feeds',
        text: FEEDS,
        values: [projectId, at],
      });
      return rows.map(({ id, name, created_at, created_by, expires_at }) => ({
        id,
        name,
        createdAt: created_at,
        createdBy: created_by,
        expiresAt: expires_at,
      }));
    },

    async entries(projectId, limit) {
      const { rows } = await database.query<EntryRow>({
        name: 'calendar-entries',
        text: ENTRIES,
        values: [projectId, limit],
      });
      return rows.map(({ kind, id, url, name, revision, changed_at, due_at }) => ({
        kind,
        registryId: id,
        url,
        name,
        dueAt: due_at,
        revision,
        changedAt: changed_at,
      }));
    },
  };
}
