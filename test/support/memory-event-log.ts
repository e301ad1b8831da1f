import { setImmediate as turn } from 'node:timers/promises';
import { copiesAsAppends } from '../../src/adapters/event-log/copied-events.ts';
import { checkStreamName, type PreparedAppend, prepareAppend } from '../../src/adapters/event-log/prepare-append.ts';
import {
  type AppendResult,
  BEGINNING,
  type EventCopies,
  type EventLog,
  type Position,
  type RecordedEvent,
  WrongExpectedRevision,
} from '../../src/application/ports/event-log.ts';
import { EventLogUnavailable } from '../../src/domain/errors.ts';

/** One log in memory, which several replicas may open. */
export interface MemoryEventStore {
  open(): EventLog & EventCopies;
  /** All events, in their order. */
  readonly events: readonly RecordedEvent[];
}

/** Every call takes a turn of the event loop, so that calls that go at the same time interleave. */
export function createMemoryEventStore(): MemoryEventStore {
  const all: RecordedEvent[] = [];
  const streams = new Map<string, RecordedEvent[]>();
  /** Where an event stands in its stream, by stream and id. */
  const places = new Map<string, number>();
  const listeners = new Set<() => void>();

  function append({ stream, expected, events: prepared }: PreparedAppend): AppendResult {
    const before = streams.get(stream) ?? [];
    const start = places.get(`${stream} ${prepared[0]?.id}`);
    const last = start === undefined ? undefined : before[start + prepared.length - 1];
    if (start !== undefined && last && prepared.every(({ id }, place) => before[start + place]?.id === id)) {
      return { position: last.position, revision: last.revision };
    }
    const actual = before.length === 0 ? 'no-stream' : before.length - 1;
    const isKnown = prepared.some(({ id }) => places.has(`${stream} ${id}`));
    if (isKnown || (expected !== 'any' && expected !== actual)) {
      throw new WrongExpectedRevision(stream, expected, actual);
    }
    for (const { data, metadata, ...event } of prepared) {
      const recorded: RecordedEvent = {
        ...event,
        data: JSON.parse(data),
        json: data,
        metadata: JSON.parse(metadata),
        stream,
        revision: before.length,
        position: BigInt(all.length + 1) as Position,
      };
      all.push(recorded);
      places.set(`${stream} ${recorded.id}`, before.length);
      before.push(recorded);
    }
    streams.set(stream, before);
    for (const listener of listeners) listener();
    return { position: all.at(-1)?.position ?? BEGINNING, revision: before.length - 1 };
  }

  return {
    events: all,
    open() {
      let closed = false;
      async function answered<Result>(answer: () => Result | Promise<Result>): Promise<Result> {
        if (closed) throw new EventLogUnavailable('The log is closed.');
        const result = await answer();
        await turn();
        return result;
      }
      return {
        append: (stream, expected, events, { until = Number.POSITIVE_INFINITY } = {}) =>
          answered(() => {
            if (performance.now() >= until) throw new EventLogUnavailable('The log did not answer in time.');
            return append(prepareAppend(stream, expected, events));
          }),
        appendCopies: (events) => answered(() => void copiesAsAppends(events).map(append)),
        readStream: (stream, { fromRevision, maxCount }) =>
          answered(() => {
            checkStreamName(stream);
            const found = (streams.get(stream) ?? []).slice(fromRevision, fromRevision + maxCount);
            return found.map(({ position: _position, ...event }) => event);
          }),
        readAll: ({ after, maxCount }) =>
          answered(() => {
            const left = all.filter(({ position }) => position > after);
            const events = left.slice(0, maxCount);
            return { events, position: events.at(-1)?.position ?? after, atEnd: left.length < maxCount };
          }),
        head: () => answered(() => all.at(-1)?.position ?? BEGINNING),
        holds: (head) => answered(() => head === BEGINNING || all.some(({ position }) => position === head)),
        onAppended(listener) {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        async close() {
          closed = true;
        },
      };
    },
  };
}
