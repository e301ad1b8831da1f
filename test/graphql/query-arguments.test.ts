import { type GraphQLInputType, getNamedType, isInputObjectType } from 'graphql';
import { expect, it } from 'vitest';
import { buildPurserSchema } from '../../src/graphql/schema.ts';

/** Names of inputs, at any depth. The schema has no input type that holds itself. */
function inputNames(name: string, type: GraphQLInputType): string[] {
  const named = getNamedType(type);
  const inner = isInputObjectType(named) ? Object.values(named.getFields()) : [];
  return [name, ...inner.flatMap((field) => inputNames(field.name, field.type))];
}

/** `allowPassword` is a switch. */
const SECRET = /(?<!allow)password|secret|token|privatekey|mint/i;

it('no argument of a query is a secret, because queries may be sent in a URL', async () => {
  const schema = await buildPurserSchema();
  const secrets = (type: ReturnType<typeof schema.getQueryType>) =>
    Object.values(type?.getFields() ?? {}).flatMap(({ args }) =>
      args.flatMap((arg) => inputNames(arg.name, arg.type)).filter((name) => SECRET.test(name)),
    );
  expect(secrets(schema.getQueryType())).toEqual([]);
  expect(secrets(schema.getMutationType())).toContain('password');
});
