import { buildSchema, execute, OperationTypeNode, parse, subscribe } from 'graphql';
import { Query, Resolver } from 'type-graphql';
import { expect, it } from 'vitest';
import { isGranted } from '../../../src/domain/permissions.ts';
import { enforcePolicies } from '../../../src/graphql/pipeline/directive.ts';
import { PolicyError } from '../../../src/graphql/pipeline/policy.ts';
import { buildPurserSchema, RESOLVERS } from '../../../src/graphql/schema.ts';
import { aCaller } from '../../support/use-cases.ts';

function schemaWith(field: string, root: 'Query' | 'Mutation' | 'Subscription' = 'Query') {
  const query =
    root === 'Query' ? `type Query { ${field} }` : `type Query { ok: Int @authenticated } type ${root} { ${field} }`;
  return buildSchema(`
    directive @requiresPermission(permission: String) repeatable on FIELD_DEFINITION
    directive @authenticated on FIELD_DEFINITION
    ${query}`);
}

const READ = '@requiresPermission(permission: "iam:project:cicd:registry:read")';

it.each([
  ['has no policy', 'secrets(projectId: ID!): Int'],
  ['has both policies', `secrets(projectId: ID!): Int @authenticated ${READ}`],
  ['has two permissions', `secrets(projectId: ID!): Int ${READ} ${READ}`],
  [
    'requires an unknown permission',
    'secrets(projectId: ID!): Int @requiresPermission(permission: "iam:project:cicd:*")',
  ],
  ['requires no permission by name', 'secrets(projectId: ID!): Int @requiresPermission'],
  ['requires an empty permission', 'secrets(projectId: ID!): Int @requiresPermission(permission: "")'],
  ['has no projectId', `secrets: Int ${READ}`],
  ['has a nullable projectId', `secrets(projectId: ID): Int ${READ}`],
  ['has a projectId with a default', `secrets(projectId: ID! = "demo"): Int ${READ}`],
  ['has a projectId of another type', `secrets(projectId: String!): Int ${READ}`],
])('refuses to serve a schema in which a root field %s, and names the field', (_, field) => {
  for (const root of ['Query', 'Mutation', 'Subscription'] as const) {
    const build = () => enforcePolicies(schemaWith(field, root));
    expect(build).toThrow(PolicyError);
    expect(build).toThrow(`${root}.secrets`);
  }
});

it('serves a schema in which every root field has one policy', () => {
  expect(() => enforcePolicies(schemaWith(`secrets(projectId: ID!): Int ${READ}`))).not.toThrow();
  expect(() => enforcePolicies(schemaWith('secrets: Int @authenticated'))).not.toThrow();
});

it.each([
  ['Query', 'runs once its caller can read what it wrote', ['waited', 'ran']],
  ['Subscription', 'begins once its caller can read what it wrote', ['waited', 'ran']],
  ['Mutation', 'waits for no other process', ['ran']],
] as const)('a root field of %s %s', async (root, _does, expected) => {
  const done: string[] = [];
  const unguarded = schemaWith(`secrets(projectId: ID!): Int ${READ}`, root);
  const operation = OperationTypeNode[root.toUpperCase() as Uppercase<typeof root>];
  const field = unguarded.getRootType(operation)?.getFields().secrets;
  if (!field) throw new Error('the schema lacks its field');
  field.resolve = () => void done.push('ran');
  field.subscribe = async () => {
    done.push('ran');
    return (async function* () {})();
  };
  const { principal, ...request } = aCaller();
  const grants = new Map([['demo', new Set(['iam:project:cicd:registry:read'])]]);
  const readable = async () => void done.push('waited');
  const readableAt = async () => {
    done.push('waited');
    return 'primary';
  };
  const contextValue = {
    request: { ...request, principal: { ...principal, grants } },
    services: {
      now: () => 0,
      application: { readable, readableAt, answered: () => undefined, follows: () => undefined, isGranted },
    },
  };
  const document = parse(`${operation} { secrets(projectId: "demo") }`);
  const answer = { schema: enforcePolicies(unguarded), document, contextValue };
  if (root === 'Subscription') await subscribe(answer);
  else expect(await execute(answer)).toEqual({ data: { secrets: null } });
  expect(done).toEqual(expected);
});

it('refuses to start with a resolver whose author forgot the policy', async () => {
  @Resolver()
  class Forgetful {
    @Query(() => String)
    secrets(): string {
      return 'for everyone';
    }
  }
  await expect(buildPurserSchema([...RESOLVERS, Forgetful])).rejects.toThrow('Query.secrets');
  await expect(buildPurserSchema()).resolves.toBeDefined();
});
