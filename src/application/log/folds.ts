import { isRegistryEvent } from '../../domain/aggregate-events.ts';
import { decodeEvent } from '../../domain/event-codec.ts';
import { evolveRegistry, initialRegistryState } from '../../domain/evolve-registry.ts';
import type { EventContext, RegistryState } from '../../domain/registry.ts';
import type { RegistryEvent } from '../../domain/registry-events.ts';
import { evolveTold, NOTHING_TOLD, type Told } from '../../domain/told.ts';
import type { StreamEvent } from '../ports/event-log.ts';

/**
 * How the events of a stream make its state. The folds of this file are those of streams that grow long: their states are
 * kept in snapshots, which are good for one version of this file and of what it imports (`fold-version.ts`).
 */
export interface StreamFold<State> {
  readonly initial: State;
  /** @throws Error if the event does not belong in the stream, or cannot be read */
  evolve(state: State, recorded: StreamEvent): State;
}

export const registryFold: StreamFold<RegistryState> = {
  initial: initialRegistryState,
  evolve: (state, recorded) => evolveRegistry(state, registryEventOf(recorded), eventContextOf(recorded)),
};

export const toldFold: StreamFold<Told> = {
  initial: NOTHING_TOLD,
  evolve(told, recorded) {
    const event = decodeEvent(recorded);
    if (event.type !== 'NoticeRaised') throw misplaced(recorded);
    return evolveTold(told, event);
  },
};

/** @throws Error if the event is not of a registry */
export function registryEventOf(recorded: StreamEvent): RegistryEvent {
  const event = decodeEvent(recorded);
  if (!isRegistryEvent(event)) throw misplaced(recorded);
  return event;
}

export function foldRegistry(from: RegistryState, events: readonly StreamEvent[]): RegistryState {
  return events.reduce(registryFold.evolve, from);
}

export function eventContextOf(event: StreamEvent): EventContext {
  const { actor, identity } = event.metadata;
  return { at: event.occurredAt, actor, ...(identity && { identity }) };
}

export function misplaced({ type, stream, revision }: StreamEvent): Error {
  return new Error(`${type} does not belong in the stream ${stream}, where it has revision ${revision}`);
}
