import { registryId } from '../../domain/identity.ts';
import { parseRegistryUrl } from '../../domain/registry-url.ts';
import type { RegistryQueries, RegistryView } from '../ports/read-models.ts';

export interface RegistryByUrlDeps {
  readonly registries: Pick<RegistryQueries, 'byId'>;
  readonly plainHttpHosts: ReadonlySet<string>;
}

/** Finds a registry by any spelling of its URL. */
export function registryByUrlUseCase({ registries, plainHttpHosts }: RegistryByUrlDeps) {
  return async (projectId: string, entered: string): Promise<RegistryView | undefined> => {
    const { url } = parseRegistryUrl(entered, { plainHttpHosts });
    return registries.byId(projectId, registryId(projectId, url));
  };
}
