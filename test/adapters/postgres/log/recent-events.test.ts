import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecentEvents, type RecentEvents } from '../../../../src/adapters/postgres/log/recent-events.ts';
import type { Position, RecordedEvent } from '../../../../src/application/ports/event-log.ts';
import { anEvent, METADATA } from '../../../support/events.ts';

function at(position: bigint): RecordedEvent {
  const { id, event, occurredAt } = anEvent();
  return {
    id,
    type: event.type,
    schemaVersion: 1,
    data: event.data,
    json: JSON.stringify(event.data),
    occurredAt,
    metadata: METADATA,
    stream: 'stream',
    revision: Number(position),
    position: position as Position,
  };
}

const positionsAfter = (recent: RecentEvents, position: bigint, maxCount = 10_000) =>
  recent.after(position as Position, maxCount)?.events.map((event) => event.position);

/** Events of this process and others: each pair is the number of foreign events before a batch, and the batch's size. */
const batches = fc.array(fc.record({ byOthers: fc.nat(2), size: fc.integer({ min: 1, max: 40 }) }), { maxLength: 200 });

/** Whether, for any batches, the events returned after any position are exactly the next ones of the log. */
function neverPassesOver(create: () => RecentEvents): void {
  fc.assert(
    fc.property(batches, fc.nat(), (written, seed) => {
      const recent = create();
      let head = 0n;
      for (const { byOthers, size } of written) {
        head += BigInt(byOthers);
        recent.add(Array.from({ length: size }, (_, index) => at(head + BigInt(index + 1))));
        head += BigInt(size);
      }
      for (const after of [0n, head, head - 1n, head > 0n ? BigInt(seed) % (head + 1n) : 0n]) {
        const given = positionsAfter(recent, after, 25);
        if (given === undefined) continue;
        expect(given).toEqual(given.map((_, index) => after + BigInt(index + 1)));
        expect(given.length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 200 },
  );
}

describe('the recent events', () => {
  it('follow any known position without a gap, up to a count', () => {
    const recent = createRecentEvents();
    recent.add([at(5n), at(6n)]);
    recent.add([at(7n)]);
    expect(positionsAfter(recent, 4n)).toEqual([5n, 6n, 7n]);
    expect(positionsAfter(recent, 6n)).toEqual([7n]);
    expect(positionsAfter(recent, 4n, 2)).toEqual([5n, 6n]);
    // Only the log knows whether another process has appended since.
    expect(recent.after(4n as Position, 2)).toMatchObject({ position: 6n, atEnd: false });
    expect(recent.after(4n as Position, 10)).toMatchObject({ position: 7n, atEnd: false });
  });

  it('are undefined if only the log can answer: before the first, after the last, and while there are none', () => {
    const recent = createRecentEvents();
    expect(recent.after(0n as Position, 10)).toBeUndefined();
    recent.add([at(5n)]);
    expect(recent.after(3n as Position, 10)).toBeUndefined();
    expect(recent.after(5n as Position, 10)).toBeUndefined();
    expect(recent.after(9n as Position, 10)).toBeUndefined();
  });

  it('drop everything before an event of another process', () => {
    const recent = createRecentEvents();
    recent.add([at(5n), at(6n)]);
    recent.add([at(8n)]);
    expect(recent.after(4n as Position, 10)).toBeUndefined();
    expect(positionsAfter(recent, 7n)).toEqual([8n]);
  });

  it('are limited in number', () => {
    const recent = createRecentEvents();
    for (let position = 1n; position <= 10_000n; position += 1n) recent.add([at(position)]);
    expect(recent.after(0n as Position, 10)).toBeUndefined();
    expect(positionsAfter(recent, 9_999n)).toEqual([10_000n]);
  });

  it('never skip an event, however the batches are cut', () => {
    neverPassesOver(createRecentEvents);
  });

  it('are caught if they continue after a gap', () => {
    const keepingOn = (): RecentEvents => {
      const events: RecordedEvent[] = [];
      return {
        add: (added) => void events.push(...added),
        after: (position, maxCount) => ({
          events: events.filter((event) => event.position > position).slice(0, maxCount),
          position,
          atEnd: false,
        }),
      };
    };
    expect(() => neverPassesOver(keepingOn)).toThrow();
  });
});
