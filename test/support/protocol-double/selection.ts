import type streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import { EPOCH, type StoredEvent, type StoredEvents } from './stored-events.ts';

export interface Filter {
  matches(event: StoredEvent): boolean;
  /** A checkpoint comes after so many events that were looked at. */
  readonly checkpointEvery: number;
}

const BACKWARDS = 1;

/** Undefined if everything is wanted. */
export function readFilter(options: streams.ReadReq.Options): Filter | undefined {
  const filter = options.getFilter();
  if (!filter) return undefined;
  const byStream = filter.getStreamIdentifier();
  const expression = byStream ?? filter.getEventType();
  const prefixes = expression?.getPrefixList() ?? [];
  const pattern = prefixes.length === 0 ? new RegExp(expression?.getRegex() ?? '') : undefined;
  const window = filter.hasMax() ? filter.getMax() : 1;
  return {
    matches(event) {
      const text = byStream ? event.stream : event.type;
      return pattern ? pattern.test(text) : prefixes.some((prefix) => text.startsWith(prefix));
    },
    checkpointEvery: Math.max(1, window * filter.getCheckpointintervalmultiplier()),
  };
}

/** The events of a read that ends, in the order wanted. */
export function* selectEvents(
  store: StoredEvents,
  events: readonly StoredEvent[],
  options: streams.ReadReq.Options,
  { hidesEpochEvents }: { readonly hidesEpochEvents: boolean },
): Generator<StoredEvent> {
  const filter = readFilter(options);
  const backwards = Number(options.getReadDirection()) === BACKWARDS;
  const [first, step] = backwards ? [lastIndex(store, events, options), -1] : [firstIndex(store, events, options), 1];
  let left = Number(options.getCount());
  for (let index = first; left > 0; index += step) {
    const event = events[index];
    if (!event) return;
    if (filter && !filter.matches(event)) continue;
    left -= 1;
    if (hidesEpochEvents && !filter && options.hasAll() && event.type === EPOCH) continue;
    yield event;
  }
}

/** Of a read forwards: from a revision or position, which is included. */
function firstIndex(store: StoredEvents, events: readonly StoredEvent[], options: streams.ReadReq.Options): number {
  const [stream, all] = [options.getStream(), options.getAll()];
  if (stream?.hasEnd() || all?.hasEnd()) return events.length;
  if (stream?.hasRevision()) return Math.max(0, Number(stream.getRevision()) - (events[0]?.revision ?? 0));
  const position = all?.getPosition();
  return position ? store.indexOf(BigInt(position.getCommitPosition()), { including: false }) : 0;
}

/** Of a read backwards: a revision is included, a position is not. */
function lastIndex(store: StoredEvents, events: readonly StoredEvent[], options: streams.ReadReq.Options): number {
  const [stream, all] = [options.getStream(), options.getAll()];
  if (stream?.hasRevision()) {
    return Math.min(events.length - 1, Number(stream.getRevision()) - (events[0]?.revision ?? 0));
  }
  if (stream?.hasStart()) return 0;
  const position = all?.getPosition();
  if (position) return store.indexOf(BigInt(position.getCommitPosition()), { including: false }) - 1;
  return all?.hasStart() ? -1 : events.length - 1;
}

/** Where a subscription begins: after a revision or position. */
export function startAfter(
  store: StoredEvents,
  events: readonly StoredEvent[],
  options: streams.ReadReq.Options,
): number {
  const [stream, all] = [options.getStream(), options.getAll()];
  if (stream?.hasEnd() || all?.hasEnd()) return events.length;
  if (stream?.hasRevision()) return Number(stream.getRevision()) + 1 - (events[0]?.revision ?? 0);
  const position = all?.getPosition();
  return position ? store.indexOf(BigInt(position.getCommitPosition()), { including: true }) : 0;
}
