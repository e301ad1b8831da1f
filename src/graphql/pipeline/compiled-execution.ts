import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { GraphqlContext } from './context.ts';
import { isOneField } from './limits.ts';

/** `rootValue` is the event, for subscriptions. Errors are as they were thrown. */
export type Run = (
  rootValue: unknown,
  context: GraphqlContext,
  variables: Readonly<Record<string, unknown>>,
) => ExecutionResult | Promise<ExecutionResult>;

/**
 * Everything that has to do with graphql-jit, which compiles an operation to JavaScript: see docs/decisions/graphql-jit.md
 * for what it gains and why most documents are kept from it. Answers are the same as from `execute` of GraphQL.js.
 * @returns undefined where the operation may not or cannot be compiled
 */
export function compileOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  node: OperationDefinitionNode,
): Run | undefined {
  if (!isCompilable(document)) return undefined;
  const compiled = compileQuery(schema, document, node.name?.value, {
    disableLeafSerialization: true,
    disablingCapturingStackErrors: true,
  });
  return isCompiledQuery(compiled) ? compiled.query : undefined;
}

/**
 * The allow list. The compiler writes literals into source code, and its way of marking dates in them lets a string
 * literal become code; its `@skip` and `@include` differ from the specification where fragments overlap; it goes on
 * with the next mutation where GraphQL.js stops at the first that failed; introspection gains nothing. Clients that
 * care for speed send variables.
 */
export function isCompilable(document: DocumentNode): boolean {
  let compilable = true;
  visit(document, {
    enter(node) {
      const { kind } = node;
      if (kind === Kind.STRING || kind === Kind.FLOAT || kind === Kind.DIRECTIVE) compilable = false;
      if (kind === Kind.FIELD && node.name.value.startsWith('__')) compilable = false;
      if (kind === Kind.OPERATION_DEFINITION && node.operation === 'mutation' && !isOneField(node)) compilable = false;
    },
  });
  return compilable;
}
