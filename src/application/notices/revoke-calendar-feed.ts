import { decideRevokeFeed } from '../../domain/calendar-feed.ts';
import { notFound } from '../../domain/errors.ts';
import { calendarStream, parseUuid } from '../../domain/identity.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import type { EventWriter } from '../log/event-writer.ts';
import { WrongExpectedRevision } from '../ports/event-log.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';

export interface RevokeCalendarFeedDeps {
  readonly writer: EventWriter;
  readonly aggregates: Pick<AggregateStore, 'loadCalendarFeed'>;
}

/** Revokes a feed, which then opens nothing any more on any replica. A feed that was revoked before stays so. */
export function revokeCalendarFeedUseCase({ writer, aggregates }: RevokeCalendarFeedDeps) {
  return async (
    context: RequestContext,
    projectId: string,
    entered: string,
  ): Promise<{ readonly revokedId: string }> => {
    const feedId = parseUuid(entered);
    if (feedId === undefined) throw notFound('calendar feed');
    const { state, revision } = await aggregates.loadCalendarFeed(feedId);
    if (state?.projectId !== projectId) throw notFound('calendar feed');
    const event = decideRevokeFeed(state);
    if (event !== null) {
      const metadata = callerMetadata(context, projectId);
      try {
        await writer.write({ stream: calendarStream(feedId), expected: revision, events: [event], metadata });
      } catch (error) {
        // Somebody else revoked it meanwhile: nothing else is ever appended after the first event.
        if (!(error instanceof WrongExpectedRevision)) throw error;
      }
    }
    return { revokedId: feedId };
  };
}
