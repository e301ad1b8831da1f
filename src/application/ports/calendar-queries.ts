import type { CalendarFeedView } from '../../domain/calendar-feed.ts';
import type { Instant } from '../../domain/instant.ts';
import type { CalendarEntry } from '../../domain/project-calendar.ts';

export interface CalendarQueries {
  /** The project's feeds that are in force at that time, newest first. */
  feeds(projectId: string, at: Instant): Promise<CalendarFeedView[]>;
  /** When credentials of the project expire or are due for rotation: at most `limit` dates, those that are due first. */
  entries(projectId: string, limit: number): Promise<CalendarEntry[]>;
}
