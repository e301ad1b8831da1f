import {
  DirectiveLocation,
  type GraphQLArgumentConfig,
  GraphQLDirective,
  type GraphQLFieldConfig,
  GraphQLNonNull,
  type GraphQLSchema,
  GraphQLString,
  isNonNullType,
  Kind,
} from 'graphql';
import { Extensions } from 'type-graphql';
import { PERMISSIONS, type Permission } from '../../domain/permissions.ts';
import { unreachable } from '../../domain/unreachable.ts';
import type { GraphqlContext } from './context.ts';
import { isRegistryId } from './id-arguments.ts';

export const requiresPermissionDirective = new GraphQLDirective({
  name: 'requiresPermission',
  description:
    "Checks, before the field resolves, that the caller's token grants `permission` in the project named by the field's `projectId` argument.",
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    permission: { type: new GraphQLNonNull(GraphQLString), description: 'Such as `iam:project:cicd:registry:read`.' },
  },
});

export const authenticatedDirective = new GraphQLDirective({
  name: 'authenticated',
  description: 'Requires a valid token, but no permission.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
});

const POLICIES: ReadonlySet<string> = new Set([requiresPermissionDirective.name, authenticatedDirective.name]);

/** For a field that needs the permission to read the audit log, but shows nothing of its entries. */
export function ShowsNoEntries(): MethodDecorator {
  return Extensions({ showsNoEntries: true });
}

/** The schema cannot be served: a root field's policy is missing or wrong. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

export type Policy =
  | { readonly kind: 'authenticated' }
  | {
      readonly kind: 'permission';
      readonly permission: Permission;
      /** What the audit log calls an attempt at this field. */
      readonly action: string;
      readonly operation: 'query' | 'mutation' | 'subscription';
      /** Whether it shows entries of the audit log: then each read is recorded. */
      readonly showsEntries: boolean;
      /** What its argument `id` names, if it has one. */
      readonly idOf: 'registry' | 'other';
    };

/** What the audit log calls attempts at the schema's root fields. */
export function actionsOf(schema: GraphQLSchema): string[] {
  const fields = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}),
  );
  return fields.flatMap(({ extensions }) => {
    const policy = extensions.policy as Policy | undefined;
    return policy?.kind === 'permission' ? [policy.action] : [];
  });
}

export type RootField = GraphQLFieldConfig<unknown, GraphqlContext, Record<string, unknown>>;

/** The policy of a root field, by its directive. @throws PolicyError if it has none, two, or one that cannot be checked */
export function policyOf(
  field: RootField,
  operation: 'query' | 'mutation' | 'subscription',
  typeName: string,
  fieldName: string,
): Policy {
  const where = `${typeName}.${fieldName}`;
  const uses = (field.astNode?.directives ?? []).filter(({ name }) => POLICIES.has(name.value));
  const [use] = uses;
  if (use === undefined || uses.length > 1) {
    throw new PolicyError(`${where} must have exactly one policy: @authenticated or @requiresPermission`);
  }
  if (use.name.value === authenticatedDirective.name) return { kind: 'authenticated' };
  const value = use.arguments?.find(({ name }) => name.value === 'permission')?.value;
  const permission = Object.values(PERMISSIONS).find((known) => value?.kind === Kind.STRING && value.value === known);
  if (permission === undefined) {
    throw new PolicyError(`${where} requires a permission that does not exist`);
  }
  if (!isRequiredId(field.args?.projectId)) {
    throw new PolicyError(`${where} requires a permission but has no argument \`projectId: ID!\``);
  }
  const idOf = isRegistryId(field.args?.id) ? 'registry' : 'other';
  const showsEntries = permission === PERMISSIONS.auditRead && field.extensions?.showsNoEntries !== true;
  return { kind: 'permission', permission, operation, idOf, showsEntries, action: actionOf(operation, fieldName) };
}

function isRequiredId(argument: GraphQLArgumentConfig | undefined): boolean {
  return (
    isNonNullType(argument?.type) && argument.type.ofType.toString() === 'ID' && argument.defaultValue === undefined
  );
}

function actionOf(operation: 'query' | 'mutation' | 'subscription', fieldName: string): string {
  const name = fieldName.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  switch (operation) {
    case 'query':
      return `READ_${name}`;
    case 'mutation':
      return name;
    case 'subscription':
      return `SUBSCRIBE_${name}`;
    default:
      return unreachable(operation, 'operation');
  }
}
