import { describe, expect, it, vi } from 'vitest';
import type { EventToAppend, Position } from '../../src/application/ports/event-log.ts';
import { schemaVersionOf } from '../../src/domain/events.ts';
import { anEvent, aStream } from '../support/events.ts';
import type { OpenLogs } from './event-log-store.ts';

type Events = [EventToAppend, ...EventToAppend[]];

function severalEvents(count: number): Events {
  return [anEvent('0'), ...Array.from({ length: count - 1 }, (_none, index) => anEvent(String(index + 1)))];
}

export function describeReading(logs: () => OpenLogs): void {
  describe('reading', () => {
    it('returns an event as it was written, with its position', async () => {
      const { log, other } = logs();
      const stream = aStream();
      const event = anEvent();
      const before = await log.head();
      const { position } = await log.append(stream, 'no-stream', [event]);
      const recorded = {
        id: event.id,
        type: event.event.type,
        schemaVersion: schemaVersionOf(event.event.type),
        data: event.event.data,
        json: JSON.stringify(event.event.data),
        occurredAt: event.occurredAt,
        metadata: event.metadata,
        stream,
        revision: 0,
      };
      expect(await other.readStream(stream, { fromRevision: 0, maxCount: 10 })).toEqual([recorded]);
      const { events: later } = await other.readAll({ after: position, maxCount: 10 });
      expect(later.some(({ id }) => id === event.id)).toBe(false);
      const { events } = await other.readAll({ after: before, maxCount: 1 });
      expect(events).toEqual([{ ...recorded, position }]);
    });

    it.each(['2026-02-03T04:05:06.000Z', '1999-12-31T23:59:59.999Z', '2026-07-01T12:00:00.010Z'])(
      'keeps the instant %s to the millisecond',
      async (occurredAt) => {
        const stream = aStream();
        await logs().log.append(stream, 'no-stream', [{ ...anEvent(), occurredAt }]);
        const [read] = await logs().log.readStream(stream, { fromRevision: 0, maxCount: 1 });
        expect(read?.occurredAt).toBe(occurredAt);
      },
    );

    it('of a stream starts at a revision, ends at a count, and is empty for one that does not exist', async () => {
      const { log } = logs();
      const stream = aStream();
      await log.append(stream, 'no-stream', severalEvents(7));
      const revisions = async (fromRevision: number, maxCount: number) =>
        (await log.readStream(stream, { fromRevision, maxCount })).map(({ revision }) => revision);
      expect(await revisions(0, 100)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      expect(await revisions(2, 3)).toEqual([2, 3, 4]);
      expect(await revisions(7, 10)).toEqual([]);
      expect(await log.readStream(aStream(), { fromRevision: 0, maxCount: 10 })).toEqual([]);
    });

    it('of all streams goes on page by page to the head, in one order, with nothing twice', async () => {
      const { log, other } = logs();
      const start = await log.head();
      const streams = Array.from({ length: 30 }, () => aStream());
      await Promise.all(streams.map((stream) => log.append(stream, 'no-stream', severalEvents(3))));
      const read: string[] = [];
      let after = start;
      for (;;) {
        const { events, position, atEnd } = await other.readAll({ after, maxCount: 7 });
        expect(events.every((event, index) => event.position > (events[index - 1]?.position ?? after))).toBe(true);
        expect(position >= (events.at(-1)?.position ?? after)).toBe(true);
        after = position;
        read.push(...events.map(({ stream, revision }) => `${stream}@${revision}`));
        if (atEnd) break;
      }
      expect(after >= (await log.head())).toBe(true);
      expect(read.toSorted()).toEqual(streams.flatMap((s) => [`${s}@0`, `${s}@1`, `${s}@2`]).toSorted());
    });

    it('of the last event says whether it is there', async () => {
      const { log, other } = logs();
      await log.append(aStream(), 'no-stream', severalEvents(2));
      const head = await log.head();
      expect(await log.holds(head)).toBe(true);
      expect(await other.holds(head)).toBe(true);
      expect(await other.holds((head + 1_000_000_000n) as Position)).toBe(false);
    });

    it('of all streams says that it is at the end, and not before, and stays there', async () => {
      const { log } = logs();
      const after = await log.head();
      await log.append(aStream(), 'no-stream', severalEvents(4));
      const pages = [await log.readAll({ after, maxCount: 3 })];
      while (!pages.at(-1)?.atEnd)
        pages.push(await log.readAll({ after: pages.at(-1)?.position ?? after, maxCount: 3 }));
      expect(pages.flatMap(({ events }) => events)).toHaveLength(4);
      expect(pages[0]?.atEnd).toBe(false);
      const end = pages.at(-1)?.position ?? after;
      const further = await log.readAll({ after: end, maxCount: 3 });
      expect(further).toMatchObject({ events: [], atEnd: true });
      expect(further.position >= end).toBe(true);
    });

    it('shows an append to every replica as soon as it is acknowledged', async () => {
      const { log, other } = logs();
      for (let round = 0; round < 50; round += 1) {
        const stream = aStream();
        const { position } = await log.append(stream, 'no-stream', [anEvent()]);
        expect(await other.readStream(stream, { fromRevision: 0, maxCount: 2 })).toHaveLength(1);
        expect((await other.head()) >= position).toBe(true);
      }
    });
  });

  describe('hints', () => {
    it('come after an append here and after one by another replica, until they are no longer wanted', async () => {
      const { log, other } = logs();
      const [here, there] = [vi.fn(), vi.fn()];
      const forget = [log.onAppended(here), other.onAppended(there)];
      const stream = aStream();
      // The other replica may not be listening yet: the hint may come late or never, but not always never.
      await vi.waitFor(async () => {
        await log.append(stream, 'any', [anEvent()]);
        expect(here).toHaveBeenCalled();
        expect(there).toHaveBeenCalled();
      });
      for (const stop of forget) stop();
      here.mockClear();
      await log.append(stream, 'any', [anEvent()]);
      expect(here).not.toHaveBeenCalled();
    });
  });
}
