import { LRUCache } from 'lru-cache';
import { isLeaseEvent } from '../../domain/aggregate-events.ts';
import { type CalendarFeedState, evolveCalendarFeed, isCalendarFeedEvent } from '../../domain/calendar-feed.ts';
import { decodeEvent } from '../../domain/event-codec.ts';
import type { EventType, LeaseEvent } from '../../domain/events.ts';
import { calendarStream, leaseStream, noticeStream, registryStream, trustStream } from '../../domain/identity.ts';
import { evolveLease, type LeaseState } from '../../domain/lease.ts';
import type { RegistryState } from '../../domain/registry.ts';
import type { Told } from '../../domain/told.ts';
import { evolveTrustRules, isTrustRuleEvent, NO_RULES, type TrustRules } from '../../domain/trust/trust-rule.ts';
import type { EventLog, StreamEvent } from '../ports/event-log.ts';
import { eventContextOf, misplaced, registryFold, type StreamFold, toldFold } from './folds.ts';
import { NO_SNAPSHOTS, type Snapshot, type StreamSnapshots } from './stream-snapshots.ts';

/** Most who read a stream from a place on find what they look for soon. */
const FIRST_PAGE = 50;
const PAGE = 500;
const SNAPSHOT_EVERY = 50;
const CACHED_REGISTRIES = 10_000;
const CACHED_LEASES = 10_000;
const CACHED_FEEDS = 1_000;
const CACHED_RULES = 1_000;
/** It stands in a lease's stream for its revision alone: a lease that was given out again cannot be withdrawn. */
const FIRST_REPEAT: EventType = 'CredentialIssuedAgain';

/** A state and its revision: an append after it expects exactly this revision. */
export interface Loaded<State> {
  readonly state: State;
  readonly revision: number | 'no-stream';
  /** Of the event with this revision. */
  readonly eventId?: string;
}

export interface AggregateStore {
  /** A registry of another project looks like one that never existed. */
  loadRegistry(projectId: string, registryId: string): Promise<Loaded<RegistryState>>;
  loadLease(projectId: string, leaseId: string): Promise<Loaded<LeaseState>>;
  /** What people were told of a registry by the clock. */
  loadTold(projectId: string, registryId: string): Promise<Loaded<Told>>;
  loadCalendarFeed(feedId: string): Promise<Loaded<CalendarFeedState>>;
  loadTrustRules(projectId: string): Promise<Loaded<TrustRules>>;
  /** The registry as it was after the event with this revision. */
  registryAt(projectId: string, registryId: string, revision: number | 'no-stream'): Promise<RegistryState>;
  /** The events of a stream from this revision on (default: the first one), oldest first. Reads only what is asked for. */
  events(stream: string, fromRevision?: number): AsyncIterable<StreamEvent>;
  /** Every event of a stream, oldest first. */
  history(stream: string): Promise<StreamEvent[]>;
}

function leaseEventOf(recorded: StreamEvent): LeaseEvent {
  const event = decodeEvent(recorded);
  if (!isLeaseEvent(event)) throw misplaced(recorded);
  return event;
}

const leaseFold: StreamFold<LeaseState> = {
  initial: null,
  evolve: (state, recorded) =>
    recorded.type === FIRST_REPEAT ? state : evolveLease(state, leaseEventOf(recorded), eventContextOf(recorded)),
};

const calendarFeedFold: StreamFold<CalendarFeedState> = {
  initial: null,
  evolve(state, recorded) {
    const event = decodeEvent(recorded);
    if (!isCalendarFeedEvent(event)) throw misplaced(recorded);
    return evolveCalendarFeed(state, event, eventContextOf(recorded));
  },
};

/** All rules of a project. */
export const trustFold: StreamFold<TrustRules> = {
  initial: NO_RULES,
  evolve(state, recorded) {
    const event = decodeEvent(recorded);
    if (!isTrustRuleEvent(event)) throw misplaced(recorded);
    return evolveTrustRules(state, event, { ...eventContextOf(recorded), revision: recorded.revision });
  },
};

export interface AggregateStoreOptions {
  /** Of registries and of what people were told of them, whose streams can grow long. Default: none. */
  readonly snapshots?: StreamSnapshots;
  /**
   * A snapshot is kept after each event whose revision is a multiple of this. A long stream that is not in memory is read
   * with so many events before its snapshot is looked for, and with fewer after it. Default: 50.
   */
  readonly snapshotEvery?: number;
}

/**
 * Folds streams from their events, long ones from a snapshot on. It keeps their last states, so that the next load reads
 * only newer events. It asks the log every time, because another replica may have appended.
 */
export function createAggregateStore(
  log: Pick<EventLog, 'readStream'>,
  { snapshots = NO_SNAPSHOTS, snapshotEvery = SNAPSHOT_EVERY }: AggregateStoreOptions = {},
): AggregateStore {
  const registries = new LRUCache<string, Loaded<RegistryState>>({ max: CACHED_REGISTRIES });
  const leases = new LRUCache<string, Loaded<LeaseState>>({ max: CACHED_LEASES });
  const tolds = new LRUCache<string, Loaded<Told>>({ max: CACHED_REGISTRIES });
  const rules = new LRUCache<string, Loaded<TrustRules>>({ max: CACHED_RULES });
  const feeds = new LRUCache<string, Loaded<CalendarFeedState>>({ max: CACHED_FEEDS });

  async function* events(stream: string, fromRevision = 0, upTo = Number.POSITIVE_INFINITY) {
    let next = fromRevision;
    for (let size = FIRST_PAGE; next <= upTo; size = PAGE) {
      const maxCount = Math.min(size, upTo - next + 1);
      const page = await log.readStream(stream, { fromRevision: next, maxCount });
      yield* page;
      if (page.length < maxCount) return;
      next += page.length;
    }
  }

  async function holds(stream: string, revision: number | 'no-stream', eventId: string): Promise<boolean> {
    if (revision === 'no-stream') return true;
    const [event] = await log.readStream(stream, { fromRevision: revision, maxCount: 1 });
    return event?.id === eventId;
  }

  /** The state of the snapshot, if the log still has what it was made of. */
  async function resume<State extends object | null>(
    stream: string,
    kept: StreamSnapshots,
    upTo: number,
  ): Promise<Loaded<State> | undefined> {
    const snapshot = await kept.latest<State>(stream, upTo);
    if (!snapshot) return undefined;
    const { revision, eventId } = snapshot;
    if (await holds(stream, revision, eventId)) return snapshot;
    await kept.drop(stream, revision);
    return undefined;
  }

  /** Folds on from what is known. @param upTo the revision of the last event to fold */
  async function foldOn<State extends object | null>(
    stream: string,
    { state: from, revision: known, eventId: knownId }: Loaded<State>,
    fold: StreamFold<State>,
    kept: StreamSnapshots,
    upTo = Number.POSITIVE_INFINITY,
  ): Promise<Loaded<State>> {
    let state = from;
    let revision = known;
    let eventId = knownId;
    let snapshot: Snapshot<State> | undefined;
    for await (const event of events(stream, after(known), upTo)) {
      state = fold.evolve(state, event);
      revision = event.revision;
      eventId = event.id;
      if (revision > 0 && revision % snapshotEvery === 0) snapshot = { revision, eventId: event.id, state };
    }
    if (snapshot) {
      // A failover may have lost what is remembered. A snapshot of it would be trusted for ever, by every replica.
      if (knownId !== undefined && !(await holds(stream, known, knownId))) return foldAnew(stream, fold, kept, upTo);
      kept.keep(stream, snapshot);
    }
    return { state, revision, ...(eventId !== undefined && { eventId }) };
  }

  /** Folds a stream that is not known. Most are short, and read at once. */
  async function foldAnew<State extends object | null>(
    stream: string,
    fold: StreamFold<State>,
    kept: StreamSnapshots,
    upTo = Number.POSITIVE_INFINITY,
  ): Promise<Loaded<State>> {
    const maxCount = Math.min(snapshotEvery, upTo + 1);
    const first = await log.readStream(stream, { fromRevision: 0, maxCount });
    const isAll = first.length < maxCount || maxCount > upTo;
    const resumed = isAll ? undefined : await resume<State>(stream, kept, upTo);
    if (resumed) return foldOn(stream, resumed, fold, kept, upTo);
    const last = first.at(-1);
    const state = first.reduce<State>(fold.evolve, fold.initial);
    if (last === undefined) return { state, revision: 'no-stream' };
    const begun = { state, revision: last.revision };
    return isAll ? { ...begun, eventId: last.id } : foldOn(stream, begun, fold, kept, upTo);
  }

  async function load<State extends object | null>(
    stream: string,
    cache: LRUCache<string, Loaded<State>>,
    fold: StreamFold<State>,
    kept: StreamSnapshots,
  ): Promise<Loaded<State>> {
    const known = cache.get(stream);
    const loaded = known ? await foldOn(stream, known, fold, kept) : await foldAnew(stream, fold, kept);
    if (loaded.revision !== 'no-stream') cache.set(stream, loaded);
    return loaded;
  }

  return {
    loadRegistry: (projectId, registryId) =>
      load(registryStream(projectId, registryId), registries, registryFold, snapshots),
    loadLease: (projectId, leaseId) => load(leaseStream(projectId, leaseId), leases, leaseFold, NO_SNAPSHOTS),
    loadTold: (projectId, registryId) => load(noticeStream(projectId, registryId), tolds, toldFold, snapshots),
    loadTrustRules: (projectId) => load(trustStream(projectId), rules, trustFold, NO_SNAPSHOTS),
    loadCalendarFeed: (feedId) => load(calendarStream(feedId), feeds, calendarFeedFold, NO_SNAPSHOTS),
    async registryAt(projectId, registryId, revision) {
      if (revision === 'no-stream') return registryFold.initial;
      return (await foldAnew(registryStream(projectId, registryId), registryFold, snapshots, revision)).state;
    },
    events,
    async history(stream) {
      const all: StreamEvent[] = [];
      for await (const event of events(stream)) all.push(event);
      return all;
    },
  };
}

function after(revision: number | 'no-stream'): number {
  return revision === 'no-stream' ? 0 : revision + 1;
}
