import { Arg, ID } from 'type-graphql';

/** The argument `projectId` of a root field. */
export function ProjectId(): ReturnType<typeof Arg> {
  return Arg('projectId', () => ID, { description: 'The project, by the id that tokens name it by.' });
}

const REGISTRY_ID = 'The registry, by its `id`.';

/** The argument `id` of a root field about one registry. */
export function RegistryId(): ReturnType<typeof Arg> {
  return Arg('id', () => ID, { description: REGISTRY_ID });
}

/** Whether an argument `id` was declared by `RegistryId`: the ids of other things are no registry's. */
export function isRegistryId(argument: { readonly description?: string | null | undefined } | undefined): boolean {
  return argument?.description === REGISTRY_ID;
}
