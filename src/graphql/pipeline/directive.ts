import { MapperKind, mapSchema } from '@graphql-tools/utils';
import {
  DirectiveLocation,
  defaultFieldResolver,
  type GraphQLArgumentConfig,
  GraphQLDirective,
  type GraphQLField,
  type GraphQLFieldConfig,
  GraphQLNonNull,
  type GraphQLSchema,
  GraphQLString,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  valueFromASTUntyped,
} from 'graphql';
import { Extensions } from 'type-graphql';
import { badUserInput, PurserError } from '../../domain/errors.ts';
import { isGranted, PERMISSIONS, type Permission } from '../../domain/permissions.ts';
import { isReadableName } from '../../domain/readable-name.ts';
import { unreachable } from '../../domain/unreachable.ts';
import type { GraphqlContext } from './context.ts';
import { enteredIn } from './entered-arguments.ts';
import { unauthenticated } from './errors.ts';
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

type RootField = GraphQLFieldConfig<unknown, GraphqlContext, Record<string, unknown>>;

/**
 * Puts the guard of its directive before every root field's `resolve` and `subscribe`. Nested fields need none, because
 * they are reached only through a root field.
 * @throws PolicyError if a root field has no policy, two, or one that cannot be checked
 */
export function enforcePolicies(schema: GraphQLSchema): GraphQLSchema {
  const operationOf = new Map(
    [
      [schema.getQueryType()?.name, 'query'] as const,
      [schema.getMutationType()?.name, 'mutation'] as const,
      [schema.getSubscriptionType()?.name, 'subscription'] as const,
    ].filter(([name]) => name !== undefined),
  );
  return mapSchema(schema, {
    [MapperKind.ROOT_FIELD]: (field, fieldName, typeName) => {
      const operation = operationOf.get(typeName);
      if (operation === undefined) throw new PolicyError(`${typeName} is not a root type`);
      return guarded(field, policyOf(field, operation, typeName, fieldName));
    },
  });
}

function policyOf(
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

function guarded(field: RootField, policy: Policy): RootField {
  const { resolve = defaultFieldResolver, subscribe } = field;
  return {
    ...field,
    extensions: { ...field.extensions, policy },
    resolve: (source, args, context, info) => {
      // Subscribers share the answer to an event, so expiry must not depend on the caller who computes it.
      const refusal = refusalOf(policy, context, args, { expiry: subscribe === undefined });
      return refusal === undefined
        ? audited(policy, context, args, () => {
            if (isA('query', policy)) {
              return read(policy, context, args, (where) => resolve(source, args, where, info));
            }
            const run = () => resolve(source, args, context, info);
            return isA('mutation', policy) ? change(context, run) : run();
          })
        : refusal.then(raise);
    },
    ...(subscribe && {
      subscribe: (source, args, context, info) => {
        const refusal = refusalOf(policy, context, args, { expiry: true });
        return refusal === undefined
          ? audited(policy, context, args, () => follow(context, () => subscribe(source, args, context, info)))
          : refusal.then(raise);
      },
    }),
  };
}

/**
 * For an operation that does not run because its variables are invalid. The permissions of its root fields are still
 * checked, and permitted fields are recorded as failed attempts. Fields in fragments are not considered.
 * @returns the first refusal, if any @throws PurserError UNAVAILABLE if the attempt cannot be recorded
 */
export async function guardRefused(
  schema: GraphQLSchema,
  { operation, selectionSet }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  context: GraphqlContext,
  fieldAtFault: string | undefined,
): Promise<Error | undefined> {
  const fields = schema.getRootType(operation)?.getFields() ?? {};
  for (const selection of selectionSet.selections) {
    if (selection.kind !== Kind.FIELD) continue;
    const field = fields[selection.name.value];
    if (field === undefined) continue;
    const args = Object.fromEntries(
      (selection.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)]),
    );
    const refusal = await guardUnresolved(field, args, context, fieldAtFault);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/**
 * The guard of a root field that will not resolve because its arguments are invalid. Returns the refusal if the
 * permission is missing; otherwise records a failed attempt. Without a project there is nothing to check.
 */
async function guardUnresolved(
  { extensions }: GraphQLField<unknown, GraphqlContext>,
  args: Readonly<Record<string, unknown>>,
  context: GraphqlContext,
  fieldAtFault: string | undefined,
): Promise<Error | undefined> {
  const policy = extensions.policy as Policy | undefined;
  const { projectId } = args;
  if (policy?.kind !== 'permission' || typeof projectId !== 'string') return undefined;
  const refusal = await refusalOf(policy, context, args, { expiry: true });
  if (refusal !== undefined) return refusal;
  const { services, request } = context;
  const attempt = { projectId, action: policy.action, ...enteredIn(args, policy), field: fieldAtFault };
  await services.application.recordFailed(request, attempt, 'BAD_USER_INPUT');
  return undefined;
}

/** Fields that need a permission read the read models. What a mutation answers and a subscription sends is known already. */
function isA(operation: 'query' | 'mutation', policy: Policy): boolean {
  return policy.kind === 'permission' && policy.operation === operation;
}

/**
 * Runs when the caller can read what it wrote, on the primary or its standby. What was read of an audit log is answered
 * once the read is recorded.
 */
async function read<Result>(
  policy: Policy,
  context: GraphqlContext,
  { projectId }: Readonly<Record<string, unknown>>,
  run: (where: GraphqlContext) => Result,
): Promise<Awaited<Result>> {
  const { services, request } = context;
  const { application, standbyQueries } = services;
  const source = await application.readableAt(request.principal);
  const onStandby = source === 'standby' && standbyQueries !== undefined;
  const result = await run(onStandby ? { ...context, services: { ...services, queries: standbyQueries } } : context);
  if (policy.kind === 'permission' && policy.showsEntries) {
    await application.recordAuditRead(request, String(projectId));
  }
  return result;
}

/** Its answer may tell what others wrote, even if it fails: the caller's next queries must not say less. */
function change<Result>({ services, request }: GraphqlContext, run: () => Result): Result | Promise<Awaited<Result>> {
  if (services.standbyQueries === undefined) return run();
  return Promise.resolve(run()).finally(() => services.application.answered(request.principal));
}

/** Runs when the caller can read what it wrote on the primary, from which subscriptions are sent. */
async function follow<Result>(
  { services, request, signal }: GraphqlContext,
  run: () => Result,
): Promise<Awaited<Result>> {
  const { application } = services;
  application.follows(request.principal, signal);
  await application.readable(request.principal);
  return await run();
}

function raise(error: Error): never {
  throw error;
}

/** Undefined if the caller may continue; otherwise the error to return, once the denial is in the audit log. */
function refusalOf(
  policy: Policy,
  { request, services }: GraphqlContext,
  args: Readonly<Record<string, unknown>>,
  { expiry }: { expiry: boolean },
): Promise<Error> | undefined {
  const { principal } = request;
  // A socket can outlive the token that opened it.
  if (expiry && !(services.now() < principal.expiresAt)) return Promise.resolve(unauthenticated());
  if (policy.kind === 'authenticated') return undefined;
  const { projectId } = args;
  if (typeof projectId !== 'string' || !isReadableName(projectId)) {
    return Promise.resolve(badUserInput('projectId', '`projectId` must be the id of a project.'));
  }
  if (isGranted(principal, projectId, policy.permission)) return undefined;
  return services.application
    .recordDenied(request, { projectId, action: policy.action, ...enteredIn(args, policy) })
    .then(() => new PurserError('FORBIDDEN', 'You do not have the permission for this in this project.'));
}

/**
 * Use cases audit mutations. A permitted read with bad input is recorded here, because nothing behind this point
 * records it.
 */
function audited<Result>(
  policy: Policy,
  { request, services }: GraphqlContext,
  args: Readonly<Record<string, unknown>>,
  run: () => Result,
): Result | Promise<never> {
  if (policy.kind !== 'permission' || policy.operation === 'mutation') return run();
  const { action } = policy;
  const record = async (error: unknown): Promise<never> => {
    if (error instanceof PurserError && error.code === 'BAD_USER_INPUT') {
      const attempt = {
        projectId: String(args.projectId),
        action,
        ...enteredIn(args, policy),
        field: error.details.field,
      };
      await services.application.recordFailed(request, attempt, error.code);
    }
    throw error;
  };
  try {
    const result = run();
    return result instanceof Promise ? (result.catch(record) as Result) : result;
  } catch (error) {
    return record(error);
  }
}
