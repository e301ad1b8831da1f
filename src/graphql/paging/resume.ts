import type { ChangeView, Feed, NoticeView } from '../../application/ports/read-models.ts';
import { cursorTooOld, PurserError } from '../../domain/errors.ts';
import { type CursorField, type CursorScope, type Cursors, decodeSequence } from './cursors.ts';

/** The sequence of the feed's beginning. */
export const BEGINNING_OF_FEED = 0;

/** Where a client wants to go on. */
export interface ResumeFrom {
  readonly cursor: string | null | undefined;
  readonly field: CursorField;
}

/** A subscription's place: an event stream's `Last-Event-ID` wins, because clients repeat the request as it was. */
export function resumeFrom(lastEventId: string | undefined, after: string | null | undefined): ResumeFrom {
  return lastEventId === undefined
    ? { cursor: after, field: 'after' }
    : { cursor: lastEventId, field: 'Last-Event-ID' };
}

/**
 * The sequence after which a feed is to go on; undefined if there is no cursor.
 * @throws PurserError CURSOR_NOT_RESUMABLE if the feed does not reach to the cursor or no longer has what came after it, BAD_USER_INPUT if it is of another list
 */
export async function resumeAfter(
  feed: Pick<Feed<NoticeView | ChangeView>, 'lastSequence' | 'removedUpTo'>,
  cursors: Cursors,
  scope: CursorScope,
  { cursor, field }: ResumeFrom,
): Promise<number | undefined> {
  const sequence = decodeSequence(cursors, scope, cursor, field);
  if (sequence === undefined) return undefined;
  const [last, removed] = await Promise.all([
    sequence > BEGINNING_OF_FEED ? feed.lastSequence() : BEGINNING_OF_FEED,
    feed.removedUpTo(scope.projectId),
  ]);
  if (sequence < removed) throw cursorTooOld(field);
  if (sequence > last) {
    throw new PurserError(
      'CURSOR_NOT_RESUMABLE',
      `The cursor in \`${field}\` is ahead of what this service has, as after a restore. Read the list again, and go on from its \`latestCursor\`.`,
      { field },
    );
  }
  return sequence;
}
