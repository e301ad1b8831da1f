import { randomUUID } from 'node:crypto';
import type { Application } from '../../src/application/create-application.ts';
import type { ReadCalendar } from '../../src/application/notices/read-calendar.ts';
import type { CalendarFeedView } from '../../src/domain/calendar-feed.ts';
import type { Secret } from '../../src/domain/secret.ts';
import type { Queries } from '../../src/graphql/pipeline/context.ts';

const NOW = '2030-01-31T09:00:00.000Z';

interface CalendarDouble {
  readonly commands: Pick<Application, 'createCalendarFeed' | 'revokeCalendarFeed' | 'readCalendar'>;
  readonly queries: Queries['calendar'];
}

/** Calendar feeds for `ApplicationDouble`. `calendars`: what capabilities open. */
export function calendarDouble(
  called: <Result>(name: string, answer: () => Result) => Promise<Result>,
  calendars: ReadonlyMap<string, ReadCalendar>,
  capability: Secret,
): CalendarDouble {
  return {
    commands: {
      createCalendarFeed: (_context, _projectId, { name }) =>
        called('createCalendarFeed', () => ({ feed: feed(name), capability })),
      revokeCalendarFeed: (_context, _projectId, id) => called('revokeCalendarFeed', () => ({ revokedId: id })),
      readCalendar: (asked) => called('readCalendar', () => calendars.get(asked.reveal())),
    },
    queries: { feeds: () => called('calendarFeeds', () => [feed('team')]) },
  };
}

function feed(name: string): CalendarFeedView {
  return { id: randomUUID(), name, createdAt: NOW, createdBy: 'ada', expiresAt: NOW };
}
