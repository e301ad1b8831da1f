import { randomBytes } from 'node:crypto';
import {
  CAPABILITY_BYTES,
  type CalendarFeedView,
  decideCreateFeed,
  evolveCalendarFeed,
  feedView,
  isInForce,
  MAX_FEEDS,
} from '../../domain/calendar-feed.ts';
import { badUserInput } from '../../domain/errors.ts';
import { calendarStream } from '../../domain/identity.ts';
import type { Instant } from '../../domain/instant.ts';
import { Secret } from '../../domain/secret.ts';
import type { KeyedMutex } from '../keyed-mutex.ts';
import type { EventWriter } from '../log/event-writer.ts';
import type { ReadUnprojected } from '../log/unprojected-events.ts';
import type { CalendarQueries } from '../ports/calendar-queries.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';

export interface CreateCalendarFeedDeps {
  readonly writer: EventWriter;
  readonly mutex: KeyedMutex;
  readonly calendar: Pick<CalendarQueries, 'feeds'>;
  readonly readUnprojected: ReadUnprojected;
  readonly now: () => number;
}

export interface CreateCalendarFeedCommand {
  readonly name: string;
  readonly expiresAt: Instant | null;
}

export interface CreatedCalendarFeed {
  readonly feed: CalendarFeedView;
  /** Whoever has it reads the calendar. It is stored nowhere. */
  readonly capability: Secret;
}

export function createCalendarFeedUseCase(deps: CreateCalendarFeedDeps) {
  const { writer, mutex, calendar, readUnprojected, now } = deps;

  /** How many of the project's feeds are in force, with those that were created or revoked a moment ago. */
  async function countInForce(projectId: string): Promise<number> {
    const unprojected = await readUnprojected();
    const feeds = await calendar.feeds(projectId, new Date(now()).toISOString());
    const inForce = new Set(feeds.map(({ id }) => id));
    for (const { event } of unprojected) {
      if (event.type === 'CalendarFeedRevoked') inForce.delete(event.data.feedId);
      if (event.type !== 'CalendarFeedCreated' || event.data.projectId !== projectId) continue;
      if (isInForce({ ...event.data, revoked: false }, now())) inForce.add(event.data.feedId);
    }
    return inForce.size;
  }

  return async (
    context: RequestContext,
    projectId: string,
    { name, expiresAt }: CreateCalendarFeedCommand,
  ): Promise<CreatedCalendarFeed> => {
    const capability = new Secret(randomBytes(CAPABILITY_BYTES).toString('base64url'));
    const event = decideCreateFeed({ projectId, name, expiresAt, capability }, now());
    // One at a time in this process. Another replica can exceed the limit by the feed that it creates at this moment.
    return mutex.runExclusive({ key: `calendar feeds of ${projectId}`, projectId, context }, async () => {
      if ((await countInForce(projectId)) >= MAX_FEEDS) {
        throw badUserInput(
          'projectId',
          `This project has ${MAX_FEEDS} calendar feeds, which is the most. Revoke one that nobody uses any more.`,
        );
      }
      const written = await writer.write({
        stream: calendarStream(event.data.feedId),
        expected: 'no-stream',
        events: [event],
        metadata: callerMetadata(context, projectId),
      });
      return { feed: feedView(evolveCalendarFeed(null, event, written)), capability };
    });
  };
}
