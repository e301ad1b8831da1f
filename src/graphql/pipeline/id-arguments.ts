import { Arg, ID } from 'type-graphql';

/** The argument `projectId` of a root field. */
export function ProjectId(): ReturnType<typeof Arg> {
  return Arg('projectId', () => ID, { description: 'The project, by the id that tokens name it by.' });
}

/** The argument `id` of a root field about one registry. */
export function RegistryId(): ReturnType<typeof Arg> {
  return Arg('id', () => ID, { description: 'The registry, by its `id`.' });
}
