import { LRUCache } from 'lru-cache';
import { decodeEvent } from '../domain/event-codec.ts';
import { isLeaseEvent, isRegistryEvent, type LeaseEvent, type RegistryEvent } from '../domain/events.ts';
import { leaseStream, registryStream } from '../domain/identity.ts';
import { evolveLease, type LeaseState } from '../domain/lease.ts';
import { type EventContext, evolveRegistry, initialRegistryState, type RegistryState } from '../domain/registry.ts';
import type { EventLog, RecordedEvent } from './ports/event-log.ts';

const PAGE = 500;
const CACHED_REGISTRIES = 10_000;

/** A state and its revision: an append after it expects exactly this revision. */
export interface Loaded<State> {
  readonly state: State;
  readonly revision: number | 'no-stream';
}

export interface AggregateStore {
  /** A registry of another project looks like one that never existed. */
  loadRegistry(projectId: string, registryId: string): Promise<Loaded<RegistryState>>;
  loadLease(projectId: string, leaseId: string): Promise<Loaded<LeaseState>>;
  /** Every event of a stream, oldest first. */
  history(stream: string): Promise<RecordedEvent[]>;
}

function eventContextOf(event: RecordedEvent): EventContext {
  return { at: event.occurredAt, actor: event.metadata.actor };
}

/** @throws Error if the event is not of a registry */
export function registryEventOf(recorded: RecordedEvent): RegistryEvent {
  const event = decodeEvent(recorded);
  if (!isRegistryEvent(event)) throw misplaced(recorded);
  return event;
}

function leaseEventOf(recorded: RecordedEvent): LeaseEvent {
  const event = decodeEvent(recorded);
  if (!isLeaseEvent(event)) throw misplaced(recorded);
  return event;
}

function misplaced({ type, stream, revision }: RecordedEvent): Error {
  return new Error(`${type} does not belong in the stream ${stream}, where it has revision ${revision}`);
}

export function foldRegistry(from: RegistryState, events: readonly RecordedEvent[]): RegistryState {
  return events.reduce((state, event) => evolveRegistry(state, registryEventOf(event), eventContextOf(event)), from);
}

function foldLease(events: readonly RecordedEvent[]): LeaseState {
  return events.reduce<LeaseState>(
    (state, event) => evolveLease(state, leaseEventOf(event), eventContextOf(event)),
    null,
  );
}

/**
 * Folds streams from their events. It keeps a registry's last state, so that the next load reads only newer events. It
 * asks the log every time, because another replica may have appended.
 */
export function createAggregateStore(log: EventLog): AggregateStore {
  const registries = new LRUCache<string, Loaded<RegistryState>>({ max: CACHED_REGISTRIES });

  async function eventsAfter(stream: string, revision: number | 'no-stream'): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    let next = revision === 'no-stream' ? 0 : revision + 1;
    for (;;) {
      const page = await log.readStream(stream, { fromRevision: next, maxCount: PAGE });
      events.push(...page);
      if (page.length < PAGE) return events;
      next += page.length;
    }
  }

  return {
    async loadRegistry(projectId, registryId) {
      const stream = registryStream(projectId, registryId);
      const known = registries.get(stream) ?? { state: initialRegistryState, revision: 'no-stream' };
      const events = await eventsAfter(stream, known.revision);
      const last = events.at(-1);
      if (!last) return known;
      const loaded = { state: foldRegistry(known.state, events), revision: last.revision };
      registries.set(stream, loaded);
      return loaded;
    },
    async loadLease(projectId, leaseId) {
      const events = await eventsAfter(leaseStream(projectId, leaseId), 'no-stream');
      return { state: foldLease(events), revision: events.at(-1)?.revision ?? 'no-stream' };
    },
    history: (stream) => eventsAfter(stream, 'no-stream'),
  };
}
