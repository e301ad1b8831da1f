import { type DocumentNode, Kind, type OperationDefinitionNode, visit } from 'graphql';

const placeVariables = new WeakMap<OperationDefinitionNode, string | undefined>();

/**
 * The variables that an event's answer can depend on: all but the one that only says where a subscription begins, as its
 * argument `after`. Subscribers that came back at different cursors get the same answers.
 */
export function eventVariables(
  document: DocumentNode,
  node: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (!placeVariables.has(node)) placeVariables.set(node, placeVariableOf(document, node));
  const place = placeVariables.get(node);
  return place === undefined
    ? variables
    : Object.fromEntries(Object.entries(variables).filter(([name]) => name !== place));
}

/** Undefined if there is none, or it is used for something else as well. */
function placeVariableOf(document: DocumentNode, { selectionSet }: OperationDefinitionNode): string | undefined {
  const [root] = selectionSet.selections;
  if (root?.kind !== Kind.FIELD) return undefined;
  const after = root.arguments?.find(({ name }) => name.value === 'after')?.value;
  if (after?.kind !== Kind.VARIABLE) return undefined;
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable(variable) {
      if (variable.name.value === after.name.value) uses += 1;
    },
  });
  return uses === 1 ? after.name.value : undefined;
}
