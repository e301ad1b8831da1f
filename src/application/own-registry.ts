import { notFound } from '../domain/errors.ts';
import { isUuid } from '../domain/identity.ts';
import { existing, type LiveRegistry } from '../domain/registry.ts';
import type { Aggregates } from './aggregates.ts';

/** @throws PurserError NOT_FOUND, the same for another project's registry, a deleted one and one that never was */
export async function liveRegistryOf(aggregates: Aggregates, projectId: string, id: string): Promise<LiveRegistry> {
  const registryId = id.toLowerCase();
  if (!isUuid(registryId)) throw notFound('registry');
  const { state } = await aggregates.registry(registryId);
  const live = existing(state);
  if (live.projectId !== projectId) throw notFound('registry');
  return live;
}
