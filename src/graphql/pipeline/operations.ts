import { type DocumentNode, execute, type GraphQLSchema, getOperationAST, type OperationDefinitionNode } from 'graphql';
import { compileOperation, type Run } from './compiled-execution.ts';

/** One operation of a validated document, which can run many times. */
export interface Operation {
  readonly node: OperationDefinitionNode;
  readonly run: Run;
}

export interface Operations {
  /** Undefined if the document has no such operation, or has several and no name was given. */
  find(document: DocumentNode, operationName: string | null | undefined): Operation | undefined;
}

/** Compiling costs as much as a hundred runs, so rare operations are interpreted. */
const COMPILE_AT_RUN = 3;

/** Operations by document: interpreted first, compiled after some runs, and forgotten with their documents. */
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
      if (runs === COMPILE_AT_RUN) compiled = compileOperation(schema, document, node);
      return (compiled ?? interpret)(rootValue, context, variables);
    },
  };
}
