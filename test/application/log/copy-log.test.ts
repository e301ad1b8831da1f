import { describe, expect, it } from 'vitest';
import { type CopyProgress, copyLog, verifyCopy, verifyMoved } from '../../../src/application/log/copy-log.ts';
import type { EventCopies, EventLog, EventToAppend, RecordedEvent } from '../../../src/application/ports/event-log.ts';
import { anEvent } from '../../support/events.ts';
import { createMemoryEventStore } from '../../support/memory-event-log.ts';

type Log = EventLog & EventCopies;

/** Streams that grow in turns, and some events that were appended together. */
async function filledLog(events: number): Promise<Log> {
  const log = createMemoryEventStore().open();
  const revisions = new Map<string, number>();
  for (let count = 0; count < events; ) {
    const stream = `registry-${count % 7}-demo`;
    const revision = revisions.get(stream);
    const [first, ...others] = Array.from({ length: Math.min(1 + (count % 3), events - count) }, () => anEvent());
    if (!first) break;
    const result = await log.append(stream, revision ?? 'no-stream', [first, ...others]);
    revisions.set(stream, result.revision);
    count += 1 + others.length;
  }
  return log;
}

async function eventsIn(log: Log): Promise<readonly RecordedEvent[]> {
  return (await log.readAll({ after: 0n as RecordedEvent['position'], maxCount: 100_000 })).events;
}

/** As a process that is killed after so many events. */
function killedAfter(log: Log, left: number): Log {
  let room = left;
  return {
    ...log,
    async appendCopies(events) {
      const taken = events.slice(0, room);
      room -= taken.length;
      if (taken.length > 0) await log.appendCopies(taken);
      if (taken.length < events.length) throw new Error('killed');
    },
  };
}

const emptyLog = (): Log => createMemoryEventStore().open();

describe('copyLog', () => {
  it('copies every event as it is, in its order', async () => {
    const [source, target] = [await filledLog(1_200), emptyLog()];
    const said: CopyProgress[] = [];
    expect(await copyLog({ source, target, onProgress: (progress) => said.push(progress) })).toEqual({
      events: 1_200,
      copied: 1_200,
    });
    expect(await eventsIn(target)).toEqual(await eventsIn(source));
    expect(said.map(({ events }) => events)).toEqual([1_000, 1_200]);
    expect(said.at(-1)?.share).toBe(1);
    expect(await verifyCopy({ source, target })).toBe(1_200);
  });

  it('goes on where a run was killed, and adds none twice', async () => {
    const [source, target] = [await filledLog(1_100), emptyLog()];
    for (const left of [0, 1, 998, 3]) {
      await expect(copyLog({ source, target: killedAfter(target, left) })).rejects.toThrow('killed');
    }
    expect(await copyLog({ source, target })).toEqual({ events: 1_100, copied: 98 });
    expect(await eventsIn(target)).toEqual(await eventsIn(source));
  });

  it('copies what came since', async () => {
    const [source, target] = [await filledLog(10), emptyLog()];
    await copyLog({ source, target });
    await source.append('lease-1-demo', 'no-stream', [anEvent()]);
    expect(await copyLog({ source, target })).toEqual({ events: 11, copied: 1 });
    expect(await copyLog({ source, target })).toEqual({ events: 11, copied: 0 });
  });

  it('copies nothing from an empty log', async () => {
    expect(await copyLog({ source: emptyLog(), target: emptyLog() })).toEqual({ events: 0, copied: 0 });
  });

  it.each([
    [
      'of other streams',
      'lease-9-demo',
      'The target holds the event LeaseReleased at revision 0 of lease-9-demo where',
    ],
    ['of the same stream', 'registry-0-demo', 'where the source has the event LeaseReleased at revision 0'],
  ])('refuses a target with events %s, and adds nothing', async (_which, stream, sentence) => {
    const [source, target] = [await filledLog(20), emptyLog()];
    await target.append(stream, 'no-stream', [anEvent()]);
    await expect(copyLog({ source, target })).rejects.toThrow(sentence);
    expect(await eventsIn(target)).toHaveLength(1);
  });

  it('refuses a target that holds more', async () => {
    const [source, target] = [await filledLog(20), emptyLog()];
    await copyLog({ source, target });
    await target.append('lease-9-demo', 'no-stream', [anEvent()]);
    await expect(copyLog({ source, target })).rejects.toThrow('which the source does not have');
    await expect(verifyCopy({ source, target })).rejects.toThrow('which the source does not have');
  });

  it('refuses an event whose text is not as Purser writes it', async () => {
    const source = await filledLog(5);
    const spaced = {
      ...source,
      async readAll(options: Parameters<Log['readAll']>[0]) {
        const page = await source.readAll(options);
        return { ...page, events: page.events.map((event) => ({ ...event, json: event.json.replace(':', ': ') })) };
      },
    };
    await expect(copyLog({ source: spaced, target: emptyLog() })).rejects.toThrow('is not as Purser writes it');
  });
});

describe('verifyCopy', () => {
  it.each<[string, (event: RecordedEvent) => Partial<RecordedEvent>]>([
    ['data', () => ({ data: { pipeline: 'other' }, json: '{"pipeline":"other"}' })],
    ['metadata', ({ metadata }) => ({ metadata: { ...metadata, actor: 'mallory' } })],
    ['time', () => ({ occurredAt: '2026-02-03T04:05:06.790Z' })],
    ['type', () => ({ type: 'RegistryDeleted' })],
  ])('finds a changed %s', async (_what, change) => {
    const [source, target] = [await filledLog(30), emptyLog()];
    await copyLog({ source, target });
    const tampered: Pick<Log, 'readAll'> = {
      async readAll(options) {
        const page = await target.readAll(options);
        return {
          ...page,
          events: page.events.map((event, at) => (at === 17 ? { ...event, ...change(event) } : event)),
        };
      },
    };
    await expect(verifyCopy({ source, target: tampered })).rejects.toThrow(
      'was changed in the source or in the target',
    );
  });

  it('finds a missing end, and hands over the events', async () => {
    const [source, target] = [await filledLog(30), emptyLog()];
    await copyLog({ source, target });
    const [first, ...others]: EventToAppend[] = [anEvent(), anEvent()];
    if (first) await source.append('lease-1-demo', 'no-stream', [first, ...others]);
    const seen: string[] = [];
    const verified = verifyCopy({ source, target, onEvent: ({ id }) => seen.push(id) });
    await expect(verified).rejects.toThrow('The target lacks the event LeaseReleased at revision 0 of lease-1-demo');
    expect(seen).toEqual((await eventsIn(target)).map(({ id }) => id));
  });
});

describe('verifyMoved', () => {
  const moved = async () => {
    const [source, target] = [await filledLog(1_100), emptyLog()];
    await copyLog({ source, target });
    await target.append('registry-new-demo', 'no-stream', [anEvent()]);
    return { source, target, onEvent: () => undefined, onProgress: () => undefined };
  };
  const without = (log: Log, isLeftOut: (event: RecordedEvent, place: number) => boolean): Log => ({
    ...log,
    async readAll(options) {
      const page = await log.readAll(options);
      return { ...page, events: page.events.filter((event, place) => !isLeftOut(event, place)) };
    },
  });

  it('finds each event of the source, whatever else the target has', async () => {
    const both = await moved();
    expect(await verifyMoved(both)).toBe(1_100);
    const source = without(both.source, (_, place) => place % 10 === 0);
    expect(await verifyMoved({ ...both, source })).toBe(990);
  });

  it('refuses an event that the target lacks, or has otherwise', async () => {
    const both = await moved();
    await expect(verifyMoved({ ...both, target: without(both.target, (_, place) => place === 500) })).rejects.toThrow(
      /^The target lacks the event .* The log was moved before/,
    );
    await both.source.append('registry-late-demo', 'no-stream', [anEvent()]);
    await expect(verifyMoved(both)).rejects.toThrow(
      /^The target lacks the event .* at revision 0 of registry-late-demo/,
    );
  });
});
