import { BEGINNING, type EventLog, type LogPage, type Position } from '../../application/ports/event-log.ts';
import { createSharedRead } from '../../domain/shared-read.ts';
import type { StoreEvent } from './client-api.ts';
import { NoAnswer } from './faults.ts';
import type { Origin } from './origin.ts';
import type { RawReads } from './raw-reads.ts';
import { recordedEventOf, storedPositionOf, storePositionOf } from './stored-form.ts';

/** How long pages are read without the filter, after one with it had no answer: each such page takes its whole deadline. */
const UNFILTERED_MS = 5 * 60_000;
/** Events of a page that is read without the filter: twice as many after each answer, half as many after none in time. */
const UNFILTERED_PAGE = { least: 250, first: 1_000, most: 4_000 } as const;
const HEAD_PAGE = 500;

export interface LogReading extends Pick<EventLog, 'head' | 'holds' | 'readAll'> {
  /** A position to follow the log from: every event that is appended from now on comes after it. */
  present(): Promise<Position>;
}

/**
 * Reads the log out of the order of all streams, in which events of the server and of other programs stand as well: the
 * server leaves them out, and the position of its very last event says how far it has looked.
 */
export function createLogReading(
  reads: RawReads,
  origin: Origin,
  prefix: string,
  { unfilteredMs = UNFILTERED_MS }: { readonly unfilteredMs?: number } = {},
): LogReading {
  /** Up to where this process has looked for the log's last event, and that event's position. */
  let seen: { readonly checked: Position; readonly last: Position } | undefined;
  /** What was taken for the log's last event, which was not found in time. */
  let assumed: Position | undefined;

  let unfilteredUntil = Number.NEGATIVE_INFINITY;
  let unfilteredPageSize: number = UNFILTERED_PAGE.first;

  const isOurs = (event: StoreEvent): boolean => event.streamId.startsWith(prefix) && !origin.isMark(event);

  /** The position of the very last event, of whatever program; undefined if the server shows none. */
  async function endOfStore(): Promise<Position | undefined> {
    const last = await reads.last();
    return last && storedPositionOf(last);
  }

  /** What follows the position, of which at most `maxCount` events are of the log. */
  async function pageAfter(after: Position, maxCount: number): Promise<LogPage> {
    // Before the read: what it shows reaches at least so far.
    const end = await endOfStore();
    if (end !== undefined && end <= after) return { events: [], position: after, atEnd: true };
    if (performance.now() < unfilteredUntil) return unfilteredPage(after, maxCount, end);
    const fromPosition = storePositionOf(after);
    // The event at the position comes again, and the mark of the origin may be among them.
    const asked = maxCount + 2;
    let found: StoreEvent[];
    try {
      found = await reads.all({ direction: 'forwards', fromPosition, maxCount: asked, prefix });
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      const page = await unfilteredPage(after, maxCount, end);
      // So the server does answer, and what the filter leaves out takes it too long.
      unfilteredUntil = performance.now() + unfilteredMs;
      return page;
    }
    const events = eventsAfter(after, found).slice(0, maxCount);
    const last = events.at(-1)?.position ?? after;
    if (found.length === asked || events.length === maxCount) return { events, position: last, atEnd: false };
    return { events, position: end === undefined || last > end ? last : end, atEnd: true };
  }

  /** If the server has to look through so much of others that it does not answer in time: a step forward in any case. */
  async function unfilteredPage(after: Position, maxCount: number, end: Position | undefined): Promise<LogPage> {
    const all = await readUnfiltered(after);
    const found = eventsAfter(after, all);
    const events = found.slice(0, maxCount);
    const last = all.at(-1);
    const isWhole = events.length === found.length;
    const reached = last ? storedPositionOf(last) : after;
    const position = isWhole ? reached : (events.at(-1)?.position ?? after);
    // A page may lack events that are not shown, so its length tells nothing.
    const isLast = reached <= after || (end !== undefined && reached >= end);
    return { events, position, atEnd: isWhole && isLast };
  }

  async function readUnfiltered(after: Position): Promise<StoreEvent[]> {
    const { least, most } = UNFILTERED_PAGE;
    const asked = { fromPosition: storePositionOf(after), maxCount: unfilteredPageSize };
    try {
      const all = await reads.all({ direction: 'forwards', ...asked });
      unfilteredPageSize = Math.min(most, asked.maxCount * 2);
      return all;
    } catch (error) {
      if (error instanceof NoAnswer) unfilteredPageSize = Math.max(least, asked.maxCount / 2);
      throw error;
    }
  }

  function eventsAfter(after: Position, found: readonly StoreEvent[]) {
    return found
      .filter((event) => isOurs(event) && storedPositionOf(event) > after)
      .map((event) => recordedEventOf(event, prefix));
  }

  /** The log's last event, when this process asks for the first time. */
  async function lastOfLog(end: Position | undefined): Promise<Position> {
    try {
      const found = await reads.all({ direction: 'backwards', fromPosition: 'end', maxCount: 2, prefix });
      if (found.length === 0) throw new NoAnswer('the server does not show the mark of the origin');
      const last = found.find(isOurs);
      return last ? storedPositionOf(last) : BEGINNING;
    } catch (error) {
      if (!(error instanceof NoAnswer) || end === undefined) throw error;
      // Others wrote so much since that it is not found in time. A reader comes as far as the end in any case.
      assumed = end;
      return end;
    }
  }

  return {
    present: async () => (await endOfStore()) ?? (await origin.find()) ?? BEGINNING,
    async readAll({ after, maxCount }) {
      const begin = await origin.find();
      if (begin === undefined) return { events: [], position: after, atEnd: true };
      return pageAfter(after > begin ? after : begin, maxCount);
    },

    async holds(head) {
      if (head === BEGINNING || head === assumed) return true;
      const options = { direction: 'forwards', fromPosition: storePositionOf(head), maxCount: 1, prefix } as const;
      const [found] = await reads.all(options);
      if (found !== undefined && storedPositionOf(found) === head) return true;
      // The server was restored to an earlier state, or is another one: the end is to be looked for anew.
      seen = undefined;
      return false;
    },

    // However many ask at once, for the sake of repeated appends or of queries, one read is enough.
    head: createSharedRead(async () => {
      // First, and also of an empty log: a user who may not read it must be refused before the first event.
      const end = await endOfStore();
      if ((await origin.find()) === undefined) return BEGINNING;
      if (seen === undefined) {
        const last = await lastOfLog(end);
        seen = { checked: end ?? last, last };
        return last;
      }
      let { checked, last } = seen;
      while (end === undefined || checked < end) {
        const { events, position, atEnd } = await pageAfter(checked, HEAD_PAGE);
        checked = position;
        last = events.at(-1)?.position ?? last;
        if (atEnd) break;
      }
      seen = { checked, last };
      return last;
    }),
  };
}
