import {
  buildSchema,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { beforeAll, expect, it } from 'vitest';
import { buildPurserSchema } from '../../src/graphql/schema.ts';

/** Names of fields, input fields and arguments that need no description. */
const GUESSABLE = new Set([
  'createdAt',
  'createdBy',
  'edges',
  'id',
  'input',
  'issuedAt',
  'lease',
  'leaseId',
  'name',
  'node',
  'nodes',
  'pageInfo',
  'projectId',
  'registry',
  'registryId',
  'stagedAt',
  'stagedBy',
  'testedAt',
  'updatedAt',
  'updatedBy',
]);
const ROOTS = ['Query', 'Mutation', 'Subscription'];

interface Described {
  readonly description?: string | null | undefined;
  readonly type?: GraphQLInputType | GraphQLOutputType;
}

/** Everything without a description, as `Type.field(argument:)`. An enum type describes the fields of that type. */
function undescribed(schema: GraphQLSchema): string[] {
  const found: string[] = [];
  const look = (where: string, name: string, { description, type }: Described) => {
    if (!description && !GUESSABLE.has(name) && !isEnumType(type && getNamedType(type))) found.push(where);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || isSpecifiedScalarType(type)) continue;
    if (!ROOTS.includes(type.name)) look(type.name, type.name, { description: type.description });
    if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}.${value.name}`, value.name, value);
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) look(`${type.name}.${field.name}`, field.name, field);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      look(`${type.name}.${field.name}`, field.name, field);
      for (const arg of field.args) look(`${type.name}.${field.name}(${arg.name}:)`, arg.name, arg);
    }
  }
  return found;
}

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await buildPurserSchema();
});

it('exist for every type, field, argument, input field and enum value whose name does not explain itself', () => {
  expect(undescribed(schema)).toEqual([]);
});

it('are waived only for names in the schema', () => {
  const names = new Set<string>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInputObjectType(type)) continue;
    for (const name of Object.keys(type.getFields())) names.add(name);
    if (!isObjectType(type)) continue;
    for (const { args } of Object.values(type.getFields())) for (const { name } of args) names.add(name);
  }
  expect([...GUESSABLE].filter((name) => !names.has(name))).toEqual([]);
});

it('are found missing in every place', () => {
  const bare = buildSchema(`
    enum Colour { RED }
    input Filter { colour: Colour, exact: Boolean }
    type Thing { id: ID!, weight: Int, colour: Colour }
    type Query { things(first: Int, projectId: ID!): [Thing!]! }`);
  expect(undescribed(bare).sort()).toEqual([
    'Colour',
    'Colour.RED',
    'Filter',
    'Filter.exact',
    'Query.things',
    'Query.things(first:)',
    'Thing',
    'Thing.weight',
  ]);
});
