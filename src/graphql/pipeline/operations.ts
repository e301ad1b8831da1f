import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import type { GraphqlContext } from './context.ts';

/** One operation of a validated document, ready to run again and again. */
export interface Operation {
  readonly node: OperationDefinitionNode;
  /** `rootValue` is the event, for subscriptions. Errors are as they were thrown. */
  run(
    rootValue: unknown,
    context: GraphqlContext,
    variables: Readonly<Record<string, unknown>>,
  ): ExecutionResult | Promise<ExecutionResult>;
}

export interface Operations {
  /** Undefined where the document has no such operation, or several and no name was given. */
  find(document: DocumentNode, operationName: string | null | undefined): Operation | undefined;
}

/** Compiling costs as much as a hundred runs: what is asked once or twice is interpreted. */
const COMPILE_AT_RUN = 3;

/** Operations by document, compiled to JavaScript once they are worth it, and forgotten with their documents. */
export function createOperations(schema: GraphQLSchema): Operations {
  const known = new WeakMap<DocumentNode, Map<string, Operation>>();
  return {
    find(document, operationName) {
      const operations = known.get(document) ?? new Map<string, Operation>();
      known.set(document, operations);
      const key = operationName ?? '';
      const found = operations.get(key);
      if (found !== undefined) return found;
      const node = getOperationAST(document, operationName);
      if (!node) return undefined;
      const operation = createOperation(schema, document, node);
      operations.set(key, operation);
      return operation;
    },
  };
}

type Run = Operation['run'];

function createOperation(schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode): Operation {
  const operationName = node.name?.value;
  const interpret: Run = (rootValue, contextValue, variableValues) =>
    execute({ schema, document, rootValue, contextValue, variableValues, operationName });
  let runs = 0;
  let compiled: Run | undefined;
  return {
    node,
    run(rootValue, context, variables) {
      runs += 1;
      if (runs === COMPILE_AT_RUN) compiled = compile(schema, document, operationName);
      return (compiled ?? interpret)(rootValue, context, variables);
    },
  };
}

function compile(schema: GraphQLSchema, document: DocumentNode, operationName: string | undefined): Run | undefined {
  if (!isCompilable(document)) return undefined;
  const compiled = compileQuery(schema, document, operationName, {
    disableLeafSerialization: true,
    disablingCapturingStackErrors: true,
  });
  return isCompiledQuery(compiled) ? compiled.query : undefined;
}

/**
 * Not everything may be compiled. The compiler writes literals into source code, and its way of marking dates in them
 * lets a string literal become code; its `@skip` and `@include` differ from the specification where fragments overlap;
 * it goes on with the next mutation where GraphQL.js stops at the first that failed; of introspection there is nothing
 * to gain. Clients that care for speed send variables.
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

/** Whether there is certainly no more than one root field; fragments are not looked into. */
export function isOneField({ selectionSet: { selections } }: OperationDefinitionNode): boolean {
  return selections.length === 1 && selections[0]?.kind === Kind.FIELD;
}
