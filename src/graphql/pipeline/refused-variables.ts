import { type GraphQLSchema, Kind, type OperationDefinitionNode, valueFromASTUntyped } from 'graphql';
import type { GraphqlContext } from './context.ts';
import { guardUnresolved } from './directive.ts';

/**
 * For an operation that does not run because its variables do not fit. Its root fields' permissions are checked all
 * the same, and what was permitted is recorded as an attempt that failed. Fields in fragments are left out.
 * @returns the first field's refusal, where there is one @throws PurserError UNAVAILABLE where nothing can be recorded
 */
export async function guardRefused(
  schema: GraphQLSchema,
  { operation, selectionSet }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  context: GraphqlContext,
): Promise<Error | undefined> {
  const fields = schema.getRootType(operation)?.getFields() ?? {};
  for (const selection of selectionSet.selections) {
    if (selection.kind !== Kind.FIELD) continue;
    const field = fields[selection.name.value];
    if (field === undefined) continue;
    const args = Object.fromEntries(
      (selection.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)]),
    );
    const refusal = await guardUnresolved(field, args, context);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
