import { MapperKind, mapSchema } from '@graphql-tools/utils';
import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  valueFromASTUntyped,
} from 'graphql';
import { badUserInput, PurserError } from '../../domain/errors.ts';
import { isReadableName } from '../../domain/readable-name.ts';
import type { GraphqlContext } from './context.ts';
import { enteredIn } from './entered-arguments.ts';
import { unauthenticated } from './errors.ts';
import { type Policy, PolicyError, policyOf, type RootField } from './policy.ts';

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

function guarded(field: RootField, policy: Policy): RootField {
  const { resolve = defaultFieldResolver, subscribe } = field;
  return {
    ...field,
    extensions: { ...field.extensions, policy },
    resolve: (source, args, context, info) => {
      const run = () =>
        audited(policy, context, args, () => {
          if (isA('query', policy)) {
            return read(policy, context, args, (where) => resolve(source, args, where, info));
          }
          const resolved = () => resolve(source, args, context, info);
          return isA('mutation', policy) ? change(context, resolved) : resolved();
        });
      // Subscribers share the answer to an event, so it must not depend on the caller who computes it: neither on the
      // expiry of a token nor on trust rules, which were looked at before the event was handed on.
      if (subscribe !== undefined && context.request.principal.claims !== undefined) return run();
      return whenPermitted(policy, context, args, { expiry: subscribe === undefined }, run);
    },
    ...(subscribe && {
      subscribe: (source, args, context, info) =>
        whenPermitted(policy, context, args, { expiry: true }, () =>
          audited(policy, context, args, async () => {
            const events = (await follow(context, () =>
              subscribe(source, args, context, info),
            )) as AsyncIterable<unknown>;
            return context.request.principal.claims === undefined
              ? events
              : whilePermitted(policy, context, args, events);
          }),
        ),
    }),
  };
}

/** Runs, or throws the refusal. Most permissions are known at once, and then nothing waits. */
function whenPermitted<Result>(
  policy: Policy,
  context: GraphqlContext,
  args: Readonly<Record<string, unknown>>,
  options: { readonly expiry: boolean },
  run: () => Result,
): Result | Promise<Awaited<Result>> {
  const refusal = refusalOf(policy, context, args, options);
  if (refusal === undefined) return run();
  return refusal.then(async (error): Promise<Awaited<Result>> => {
    if (error) throw error;
    return await run();
  });
}

/** A trust rule can end while its events are followed. */
async function* whilePermitted(
  policy: Policy,
  context: GraphqlContext,
  args: Readonly<Record<string, unknown>>,
  events: AsyncIterable<unknown>,
): AsyncGenerator<unknown> {
  for await (const event of events) {
    const refusal = await refusalOf(policy, context, args, { expiry: true });
    if (refusal) throw refusal;
    yield event;
  }
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
  // Again, as before the read: a query beside this one may have found the standby to be as far as the caller knew then.
  if (source === 'primary') application.answered(request.principal);
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

/** Undefined if the caller may continue; otherwise the error to return, once the denial is in the audit log. */
function refusalOf(
  policy: Policy,
  { request, services }: GraphqlContext,
  args: Readonly<Record<string, unknown>>,
  { expiry }: { expiry: boolean },
): Promise<Error | undefined> | undefined {
  const { principal } = request;
  // A socket can outlive the token that opened it.
  if (expiry && !(services.now() < principal.expiresAt)) return Promise.resolve(unauthenticated());
  if (policy.kind === 'authenticated') return undefined;
  const { projectId } = args;
  if (typeof projectId !== 'string' || !isReadableName(projectId)) {
    return Promise.resolve(badUserInput('projectId', '`projectId` must be the id of a project.'));
  }
  const denied = () =>
    services.application
      .recordDenied(request, { projectId, action: policy.action, ...enteredIn(args, policy) })
      .then(() => new PurserError('FORBIDDEN', 'You do not have the permission for this in this project.'));
  const granted = services.application.isGranted(principal, projectId, policy.permission);
  if (typeof granted === 'boolean') return granted ? undefined : denied();
  return granted.then((isGranted) => (isGranted ? undefined : denied()));
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
