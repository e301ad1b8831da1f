import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';

export type OperationKind = 'query' | 'mutation' | 'subscription';

export interface RootField {
  readonly kind: OperationKind;
  readonly name: string;
  readonly field: GraphQLField<unknown, unknown>;
}

/** Every field that a request can begin with. */
export function rootFields(schema: GraphQLSchema): RootField[] {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const;
  return roots.flatMap(([kind, type]) =>
    Object.values(type?.getFields() ?? {}).map((field) => ({ kind, name: field.name, field })),
  );
}

/** A valid operation on one root field in the given project: its required arguments, and all leaves of its answer. */
export function operationOn(
  { kind, name, field }: RootField,
  projectId: string,
): { query: string; variables: Record<string, unknown> } {
  const required = field.args.filter(isRequiredArgument);
  const declared = required.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
  const passed = required.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
  const variables = Object.fromEntries(
    required.map((arg) => [arg.name, arg.name === 'projectId' ? projectId : exampleOf(arg.type, arg.name)]),
  );
  const head = declared === '' ? kind : `${kind} (${declared})`;
  return { query: `${head} { ${name}${passed === '' ? '' : `(${passed})`} ${selectionOf(field.type)} }`, variables };
}

/** All leaves, three levels deep, but a registry's `history`, which needs another permission. */
export function selectionOf(type: GraphQLOutputType, depth = 3): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const parts = Object.values(named.getFields()).flatMap((field) => {
    if (field.name === 'history') return [];
    if (isLeafType(getNamedType(field.type))) return [field.name];
    return depth === 0 ? [] : [`${field.name} ${selectionOf(field.type, depth - 1)}`];
  });
  return `{ ${parts.filter((part) => !part.endsWith('{  }')).join(' ')} }`;
}

const EXAMPLES: Readonly<Record<string, unknown>> = {
  ID: '00000000-0000-4000-8000-000000000000',
  Int: 10,
  Boolean: false,
  DateTime: '2030-01-31T09:00:00Z',
};

/** A value that the type takes; of an input object only what it requires. */
export function exampleOf(type: GraphQLInputType, name: string): unknown {
  if (isNonNullType(type)) return exampleOf(type.ofType, name);
  if (isListType(type)) return [exampleOf(type.ofType, name)];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (isInputObjectType(type)) {
    return Object.fromEntries(
      Object.values(type.getFields())
        .filter(isRequiredInputField)
        .map((field) => [field.name, exampleOf(field.type, field.name)]),
    );
  }
  return EXAMPLES[type.name] ?? (name === 'url' || name === 'image' ? 'docker.io' : 'text');
}
