import type { TypedDocumentString } from './generated/graphql.ts';

const NAME = /\b(?:query|mutation|subscription)\s+(\w+)/;

/** The name of an operation. Each has one, as the generator demands. */
export function nameOf(document: TypedDocumentString<unknown, never>): string {
  const name = NAME.exec(document.toString())?.[1];
  if (name === undefined) throw new Error('an operation has no name');
  return name;
}

/**
 * Where the answer of a query is cached: `[project, operation, variables]`, so that a project's queries can be read again together.
 * A query of no project has the project `''`.
 */
export function queryKeyOf<Variables>(
  document: TypedDocumentString<unknown, Variables>,
  variables: Variables,
): readonly [project: string, operation: string, variables: Variables] {
  return [projectOf(variables), nameOf(document as TypedDocumentString<unknown, never>), variables];
}

function projectOf(variables: unknown): string {
  if (typeof variables !== 'object' || variables === null || !('projectId' in variables)) return '';
  return typeof variables.projectId === 'string' ? variables.projectId : '';
}
