import { describe, expect, it } from 'vitest';
import { BEGINNING, type RecordedEvent, WrongExpectedRevision } from '../../src/application/ports/event-log.ts';
import { anEvent, aStream } from '../support/events.ts';
import { createMemoryEventStore } from '../support/memory-event-log.ts';
import { eventsAfter, type OpenLogs } from './event-log-store.ts';

/** Events of another log: three streams that took turns. */
async function eventsElsewhere(): Promise<readonly RecordedEvent[]> {
  const elsewhere = createMemoryEventStore();
  const log = elsewhere.open();
  const streams = [aStream(), aStream(), aStream()];
  for (let round = 0; round < 40; round += 1) {
    for (const stream of streams) {
      await log.append(stream, round === 0 ? 'no-stream' : round * 2 - 1, [anEvent('ü "quoted"'), anEvent()]);
    }
  }
  return elsewhere.events;
}

export function describeCopies(logs: () => OpenLogs): void {
  describe('copies of the events of another log', () => {
    async function found(events: readonly RecordedEvent[]): Promise<RecordedEvent[]> {
      const ids = new Set(events.map(({ id }) => id));
      return (await eventsAfter(logs().log, BEGINNING)).filter(({ id }) => ids.has(id));
    }
    const withoutPositions = (events: readonly RecordedEvent[]) =>
      events.map(({ position: _position, ...event }) => event);

    it('are the same events in the same order', async () => {
      const events = await eventsElsewhere();
      await logs().log.appendCopies(events);
      expect(withoutPositions(await found(events))).toEqual(withoutPositions(events));
    });

    it('are added once if it is repeated, and gone on with after any event', async () => {
      const events = await eventsElsewhere();
      for (const log of [logs().log, logs().other]) await log.appendCopies(events.slice(0, 101));
      for (const log of [logs().other, logs().log]) await log.appendCopies(events.slice(101));
      await logs().log.appendCopies(events);
      expect(withoutPositions(await found(events))).toEqual(withoutPositions(events));
    });

    it('may be more than a store takes at a time', async () => {
      const elsewhere = createMemoryEventStore();
      const large = () => anEvent('x'.repeat(60_000));
      await elsewhere.open().append(aStream(), 'no-stream', [large(), ...Array.from({ length: 29 }, large)]);
      await logs().log.appendCopies(elsewhere.events);
      expect(withoutPositions(await found(elsewhere.events))).toEqual(withoutPositions(elsewhere.events));
    });

    it('are refused if a stream has something else', async () => {
      const events = await eventsElsewhere();
      const stream = events[0]?.stream ?? '';
      await logs().log.append(stream, 'no-stream', [anEvent()]);
      await expect(logs().log.appendCopies(events)).rejects.toThrow(WrongExpectedRevision);
    });
  });
}
