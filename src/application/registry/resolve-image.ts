import { registryId } from '../../domain/identity.ts';
import { registryUrlOfImage } from '../../domain/image-reference.ts';
import type { RegistryQueries, RegistryView } from '../ports/read-models.ts';

export interface ImageResolution {
  readonly image: string;
  readonly url: string;
  /** Empty if only a registry was named. */
  readonly repository: string;
  readonly registry: RegistryView | null;
  readonly reason: string;
}

export interface ResolveImageDeps {
  readonly registries: Pick<RegistryQueries, 'byId'>;
  readonly plainHttpHosts: ReadonlySet<string>;
}

/** Tells which registry an image reference would use, and why. The exact host decides, never a part of it. */
export function resolveImageUseCase({ registries, plainHttpHosts }: ResolveImageDeps) {
  return async (projectId: string, image: string): Promise<ImageResolution> => {
    const { url, repository = '', reason } = registryUrlOfImage(image, { plainHttpHosts });
    const registry = (await registries.byId(projectId, registryId(projectId, url))) ?? null;
    const found = registry
      ? `This project's registry ${url} is used.`
      : `This project has no registry ${url}, so the image is pulled anonymously.`;
    return { image: image.trim(), url, repository, registry, reason: `${reason} ${found}` };
  };
}
