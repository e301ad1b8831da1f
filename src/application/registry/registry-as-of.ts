import { initialRegistryState } from '../../domain/evolve-registry.ts';
import { parseUuid, registryStream } from '../../domain/identity.ts';
import type { Instant } from '../../domain/instant.ts';
import { type RegistryView, registryView } from '../../domain/registry-view.ts';
import type { AggregateStore } from '../log/aggregate-store.ts';
import { foldRegistry } from '../log/folds.ts';

/**
 * A registry as it stood at a moment, folded from its authenticated events up to the first one that is later. Undefined if
 * it did not exist then. Tests of that time are not looked at: they are not in its stream.
 */
export function registryAsOfUseCase({ aggregates }: { readonly aggregates: Pick<AggregateStore, 'history'> }) {
  return async (projectId: string, entered: string, at: Instant): Promise<RegistryView | undefined> => {
    const id = parseUuid(entered);
    if (id === undefined) return undefined;
    const events = await aggregates.history(registryStream(projectId, id));
    const moment = Date.parse(at);
    const later = events.findIndex(({ occurredAt }) => Date.parse(occurredAt) > moment);
    const until = later === -1 ? events : events.slice(0, later);
    const last = until.at(-1);
    const state = foldRegistry(initialRegistryState, until);
    if (last === undefined || state.phase !== 'live') return undefined;
    return registryView(state, last.revision, { health: null, stagedHealth: null, present: true });
  };
}
