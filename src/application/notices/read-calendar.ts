import { feedOfCapability, isOpenedBy } from '../../domain/calendar-feed.ts';
import { PurserError } from '../../domain/errors.ts';
import { calendarFile, MAX_ENTRIES } from '../../domain/project-calendar.ts';
import type { Secret } from '../../domain/secret.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { CalendarQueries } from '../ports/calendar-queries.ts';

export interface ReadCalendarDeps {
  readonly aggregates: Pick<AggregateStore, 'loadCalendarFeed'>;
  readonly calendar: Pick<CalendarQueries, 'entries'>;
  readonly now: () => number;
}

export interface ReadCalendar {
  readonly feedId: string;
  readonly projectId: string;
  readonly text: string;
}

/**
 * The calendar that a capability opens; undefined if it opens none. Whether it does is asked of the log each time, so that
 * a feed opens as soon as it is created, and no more as soon as it is revoked, on every replica. The dates come from the
 * read models.
 */
export function readCalendarUseCase({ aggregates, calendar, now }: ReadCalendarDeps) {
  return async (capability: Secret): Promise<ReadCalendar | undefined> => {
    const asked = feedOfCapability(capability);
    if (asked === undefined) return undefined;
    const { state } = await aggregates.loadCalendarFeed(asked.feedId).catch(nothingOfForged);
    if (state === null || !isOpenedBy(state, asked.capabilityHash, now())) return undefined;
    const { id: feedId, name, projectId } = state;
    const entries = await calendar.entries(projectId, MAX_ENTRIES);
    return { feedId, projectId, text: calendarFile({ feedId, name, projectId, entries }) };
  };
}

/** Somebody without a token is not told of it. The operator was. */
function nothingOfForged(error: unknown): { readonly state: null } {
  if (error instanceof PurserError && error.code === 'CREDENTIAL_UNAVAILABLE') return { state: null };
  throw error;
}
