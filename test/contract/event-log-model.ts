import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type EventLog,
  type EventToAppend,
  type ExpectedRevision,
  WrongExpectedRevision,
} from '../../src/application/ports/event-log.ts';
import { anEvent } from '../support/events.ts';
import { eventsAfter, type OpenLogs } from './event-log-store.ts';

const STREAMS = 3;
const KNOWN_IDS = 8;

/** One call, with small numbers for streams and ids, so that they meet. */
interface Call {
  readonly stream: number;
  readonly expected: ExpectedRevision;
  /** Events by number: the same number is the same event. */
  readonly events: readonly number[];
  readonly replica: 'log' | 'other';
}

const expectedRevision = fc.oneof(
  fc.constant<ExpectedRevision>('no-stream'),
  fc.constant<ExpectedRevision>('any'),
  fc.nat({ max: 6 }),
);
const call: fc.Arbitrary<Call> = fc.record({
  stream: fc.nat({ max: STREAMS - 1 }),
  expected: expectedRevision,
  events: fc.uniqueArray(fc.nat({ max: KNOWN_IDS - 1 }), { minLength: 1, maxLength: 3 }),
  replica: fc.constantFrom('log', 'other'),
});

interface ModelEvent {
  readonly stream: number;
  readonly id: number;
}

/** Whether the port says what becomes of the call: at an exact revision, not every store notices all ids that it has. */
function isPromised(list: readonly ModelEvent[], { stream, expected, events }: Call): boolean {
  const before = list.filter((event) => event.stream === stream);
  if (expected === 'any' || !events.some((id) => before.some((known) => known.id === id))) return true;
  const start = expected === 'no-stream' ? 0 : expected + 1;
  return events.every((id, place) => before[start + place]?.id === id);
}

/** The log as a plain list. Gives the call's outcome. */
function appendToList(list: ModelEvent[], { stream, expected, events }: Call): string {
  const before = list.filter((event) => event.stream === stream);
  const actual = before.length === 0 ? 'no-stream' : before.length - 1;
  if (events.some((id) => before.some((known) => known.id === id))) {
    const start = before.findIndex(({ id }) => id === events[0]);
    const isRepeated = start >= 0 && events.every((id, place) => before[start + place]?.id === id);
    return isRepeated ? `at ${start + events.length - 1}` : `WrongExpectedRevision ${actual}`;
  }
  if (expected !== 'any' && expected !== actual) return `WrongExpectedRevision ${actual}`;
  list.push(...events.map((id) => ({ stream, id })));
  return `at ${before.length + events.length - 1}`;
}

async function appendToLog(log: EventLog, stream: string, expected: ExpectedRevision, events: EventToAppend[]) {
  const [first, ...others] = events;
  if (!first) throw new Error('an append has at least one event');
  try {
    return `at ${(await log.append(stream, expected, [first, ...others])).revision}`;
  } catch (error) {
    if (error instanceof WrongExpectedRevision) return `${error.name} ${error.actual}`;
    throw error;
  }
}

/** Any calls have the same outcomes on the replicas as on the list, and leave the same events in the same order. */
function equalsList(replicas: { readonly log: EventLog; readonly other: EventLog }) {
  return fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 25 }), async (calls) => {
    const start = await replicas.log.head();
    const run = randomUUID();
    const ids = Array.from({ length: KNOWN_IDS }, () => randomUUID());
    const list: ModelEvent[] = [];
    for (const { replica, stream, expected, events } of calls) {
      if (!isPromised(list, { replica, stream, expected, events })) continue;
      const outcome = appendToList(list, { replica, stream, expected, events });
      const toAppend = events.map((id) => anEvent(`event ${id}`, ids[id]));
      expect(await appendToLog(replicas[replica], `${run}-${stream}`, expected, toAppend)).toBe(outcome);
    }
    const read = await eventsAfter(replicas.other, start);
    expect(read.map(({ stream, id }) => `${stream} ${id}`)).toEqual(
      list.map(({ stream, id }) => `${run}-${stream} ${ids[id]}`),
    );
  });
}

export function describeModel(logs: () => OpenLogs): void {
  describe('the log', () => {
    it('does what a plain list does, for any sequence of appends on two replicas', async () => {
      await fc.assert(equalsList(logs()), { numRuns: 60 });
    });

    it('is found to differ from the list if it ignores revisions', async () => {
      const { log } = logs();
      const broken: EventLog = { ...log, append: (stream, _expected, events) => log.append(stream, 'any', events) };
      const { failed } = await fc.check(equalsList({ log: broken, other: broken }), {
        numRuns: 60,
        endOnFailure: true,
      });
      expect(failed).toBe(true);
    });
  });
}
