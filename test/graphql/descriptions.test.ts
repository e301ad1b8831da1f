import {
  buildSchema,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
} from 'graphql';
import { expect, it } from 'vitest';
import { buildPurserSchema } from '../../src/graphql/schema.ts';

/** Everything without a description, as `Type.field(argument:)` or `@directive(argument:)`. */
function undescribed(schema: GraphQLSchema): string[] {
  const found: string[] = [];
  const look = (where: string, { description }: { readonly description?: string | null | undefined }) => {
    if (!description?.trim()) found.push(where);
  };
  for (const directive of schema.getDirectives()) {
    if (isSpecifiedDirective(directive)) continue;
    look(`@${directive.name}`, directive);
    for (const arg of directive.args) look(`@${directive.name}(${arg.name}:)`, arg);
  }
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || isSpecifiedScalarType(type)) continue;
    look(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}.${value.name}`, value);
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) look(`${type.name}.${field.name}`, field);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      look(`${type.name}.${field.name}`, field);
      for (const arg of field.args) look(`${type.name}.${field.name}(${arg.name}:)`, arg);
    }
  }
  return found;
}

it('exist for every type, field, argument, input field, enum value and directive', async () => {
  expect(undescribed(await buildPurserSchema())).toEqual([]);
});

it('are found missing in every place', () => {
  const bare = buildSchema(`
    directive @marked(by: String) on FIELD_DEFINITION
    scalar Moment
    union Any = Thing
    interface Named { name(short: Boolean): String }
    enum Colour { RED }
    input Filter { colour: Colour, exact: Boolean }
    type Thing implements Named { name(short: Boolean): String, at: Moment }
    " "
    type Query { things(first: Int, projectId: ID!): [Thing!]! }`);
  expect(undescribed(bare).sort()).toEqual([
    '@marked',
    '@marked(by:)',
    'Any',
    'Colour',
    'Colour.RED',
    'Filter',
    'Filter.colour',
    'Filter.exact',
    'Moment',
    'Named',
    'Named.name',
    'Named.name(short:)',
    'Query',
    'Query.things',
    'Query.things(first:)',
    'Query.things(projectId:)',
    'Thing',
    'Thing.at',
    'Thing.name',
    'Thing.name(short:)',
  ]);
});
