import { notFound } from '../domain/errors.ts';
import { parseUuid } from '../domain/identity.ts';
import { existing, type LiveRegistry } from '../domain/registry.ts';
import type { AggregateStore } from './aggregate-store.ts';

/** Ids stand in stream names in one spelling. @throws PurserError NOT_FOUND for what is no id */
export function registryIdOf(id: string): string {
  const registryId = parseUuid(id);
  if (registryId === undefined) throw notFound('registry');
  return registryId;
}

/** @throws PurserError NOT_FOUND, the same for another project's registry, a deleted one and one that never was */
export async function liveRegistryOf(aggregates: AggregateStore, projectId: string, id: string): Promise<LiveRegistry> {
  const { state } = await aggregates.loadRegistry(registryIdOf(id));
  const live = existing(state);
  if (live.projectId !== projectId) throw notFound('registry');
  return live;
}
