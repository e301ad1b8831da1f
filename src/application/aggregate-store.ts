import { LRUCache } from 'lru-cache';
import { isLeaseEvent, isRegistryEvent } from '../domain/aggregate-events.ts';
import { type CalendarFeedState, evolveCalendarFeed, isCalendarFeedEvent } from '../domain/calendar-feed.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import type { EventType, LeaseEvent } from '../domain/events.ts';
import { calendarStream, leaseStream, noticeStream, registryStream } from '../domain/identity.ts';
import { evolveLease, type LeaseState } from '../domain/lease.ts';
import { evolveTold, NOTHING_TOLD, type Told } from '../domain/notices.ts';
import { type EventContext, evolveRegistry, initialRegistryState, type RegistryState } from '../domain/registry.ts';
import type { RegistryEvent } from '../domain/registry-events.ts';
import type { EventLog, StreamEvent } from './ports/event-log.ts';

/** Most who read a stream from a place on find what they look for soon. */
const FIRST_PAGE = 50;
const PAGE = 500;
const CACHED_REGISTRIES = 10_000;
const CACHED_LEASES = 10_000;
const CACHED_FEEDS = 1_000;
/** It stands in a lease's stream for its revision alone: a lease that was given out again cannot be withdrawn. */
const FIRST_REPEAT: EventType = 'CredentialIssuedAgain';

/** A state and its revision: an append after it expects exactly this revision. */
export interface Loaded<State> {
  readonly state: State;
  readonly revision: number | 'no-stream';
}

export interface AggregateStore {
  /** A registry of another project looks like one that never existed. */
  loadRegistry(projectId: string, registryId: string): Promise<Loaded<RegistryState>>;
  loadLease(projectId: string, leaseId: string): Promise<Loaded<LeaseState>>;
  /** What people were told of a registry by the clock. */
  loadTold(projectId: string, registryId: string): Promise<Loaded<Told>>;
  loadCalendarFeed(feedId: string): Promise<Loaded<CalendarFeedState>>;
  /** The registry as it was after the event with this revision. */
  registryAt(projectId: string, registryId: string, revision: number | 'no-stream'): Promise<RegistryState>;
  /** The events of a stream from this revision on (default: the first one), oldest first. Reads only what is asked for. */
  events(stream: string, fromRevision?: number): AsyncIterable<StreamEvent>;
  /** Every event of a stream, oldest first. */
  history(stream: string): Promise<StreamEvent[]>;
}

function eventContextOf(event: StreamEvent): EventContext {
  return { at: event.occurredAt, actor: event.metadata.actor };
}

/** @throws Error if the event is not of a registry */
export function registryEventOf(recorded: StreamEvent): RegistryEvent {
  const event = decodeEvent(recorded);
  if (!isRegistryEvent(event)) throw misplaced(recorded);
  return event;
}

function leaseEventOf(recorded: StreamEvent): LeaseEvent {
  const event = decodeEvent(recorded);
  if (!isLeaseEvent(event)) throw misplaced(recorded);
  return event;
}

function foldCalendarFeed(from: CalendarFeedState, events: readonly StreamEvent[]): CalendarFeedState {
  return events.reduce<CalendarFeedState>((state, recorded) => {
    const event = decodeEvent(recorded);
    if (!isCalendarFeedEvent(event)) throw misplaced(recorded);
    return evolveCalendarFeed(state, event, eventContextOf(recorded));
  }, from);
}

function misplaced({ type, stream, revision }: StreamEvent): Error {
  return new Error(`${type} does not belong in the stream ${stream}, where it has revision ${revision}`);
}

export function foldRegistry(from: RegistryState, events: readonly StreamEvent[]): RegistryState {
  return events.reduce((state, event) => evolveRegistry(state, registryEventOf(event), eventContextOf(event)), from);
}

function foldLease(from: LeaseState, events: readonly StreamEvent[]): LeaseState {
  return events
    .filter(({ type }) => type !== FIRST_REPEAT)
    .reduce((state, event) => evolveLease(state, leaseEventOf(event), eventContextOf(event)), from);
}

function foldTold(from: Told, events: readonly StreamEvent[]): Told {
  return events.reduce((told, recorded) => {
    const event = decodeEvent(recorded);
    if (event.type !== 'NoticeRaised') throw misplaced(recorded);
    return evolveTold(told, event);
  }, from);
}

/**
 * Folds streams from their events. It keeps their last states, so that the next load reads only newer events. It
 * asks the log every time, because another replica may have appended.
 */
export function createAggregateStore(log: Pick<EventLog, 'readStream'>): AggregateStore {
  const registries = new LRUCache<string, Loaded<RegistryState>>({ max: CACHED_REGISTRIES });
  const leases = new LRUCache<string, Loaded<LeaseState>>({ max: CACHED_LEASES });
  const tolds = new LRUCache<string, Loaded<Told>>({ max: CACHED_REGISTRIES });
  const feeds = new LRUCache<string, Loaded<CalendarFeedState>>({ max: CACHED_FEEDS });

  async function* events(stream: string, fromRevision = 0, count = Number.POSITIVE_INFINITY) {
    let next = fromRevision;
    let left = count;
    for (let size = FIRST_PAGE; left > 0; size = PAGE) {
      const maxCount = Math.min(size, left);
      const page = await log.readStream(stream, { fromRevision: next, maxCount });
      yield* page;
      if (page.length < maxCount) return;
      next += page.length;
      left -= page.length;
    }
  }

  async function load<State extends object | null>(
    stream: string,
    cache: LRUCache<string, Loaded<State>>,
    initial: State,
    fold: (from: State, events: readonly StreamEvent[]) => State,
  ): Promise<Loaded<State>> {
    const known = cache.get(stream) ?? { state: initial, revision: 'no-stream' };
    const newer = await collected(events(stream, after(known.revision)));
    const last = newer.at(-1);
    if (!last) return known;
    const loaded = { state: fold(known.state, newer), revision: last.revision };
    cache.set(stream, loaded);
    return loaded;
  }

  return {
    loadRegistry: (projectId, registryId) =>
      load(registryStream(projectId, registryId), registries, initialRegistryState, foldRegistry),
    loadLease: (projectId, leaseId) => load<LeaseState>(leaseStream(projectId, leaseId), leases, null, foldLease),
    loadTold: (projectId, registryId) => load(noticeStream(projectId, registryId), tolds, NOTHING_TOLD, foldTold),
    loadCalendarFeed: (feedId) => load<CalendarFeedState>(calendarStream(feedId), feeds, null, foldCalendarFeed),
    async registryAt(projectId, registryId, revision) {
      const stream = registryStream(projectId, registryId);
      return foldRegistry(initialRegistryState, await collected(events(stream, 0, after(revision))));
    },
    events,
    history: (stream) => collected(events(stream)),
  };
}

function after(revision: number | 'no-stream'): number {
  return revision === 'no-stream' ? 0 : revision + 1;
}

async function collected(events: AsyncIterable<StreamEvent>): Promise<StreamEvent[]> {
  const all: StreamEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
