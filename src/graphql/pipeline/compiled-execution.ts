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

/** `rootValue` is the event of a subscription. Errors are not masked. */
export type Run = (
  rootValue: unknown,
  context: GraphqlContext,
  variables: Readonly<Record<string, unknown>>,
) => ExecutionResult | Promise<ExecutionResult>;

/**
 * Compiles an operation to JavaScript with graphql-jit: docs/decisions/graphql-jit.md says what this gains and why most
 * documents are excluded. Answers are the same as from `execute` of GraphQL.js.
 * @returns undefined if the operation may not or cannot be compiled
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
 * The allow list. The compiler writes literals into source code, and its marker for dates lets a string literal become
 * code. Its `@skip` and `@include` differ from the specification if fragments overlap. After a failed mutation it runs
 * the next one, where GraphQL.js stops. It forgets the default of a variable that must not be null. Introspection would gain nothing. Clients that need speed send variables.
 */
export function isCompilable(document: DocumentNode): boolean {
  let compilable = true;
  visit(document, {
    enter(node) {
      const { kind } = node;
      if (kind === Kind.STRING || kind === Kind.FLOAT || kind === Kind.DIRECTIVE) compilable = false;
      if (kind === Kind.VARIABLE_DEFINITION && node.defaultValue && node.type.kind === Kind.NON_NULL_TYPE) {
        compilable = false;
      }
      if (kind === Kind.FIELD && node.name.value.startsWith('__')) compilable = false;
      if (kind === Kind.OPERATION_DEFINITION && node.operation === 'mutation' && !isOneField(node)) compilable = false;
    },
  });
  return compilable;
}
