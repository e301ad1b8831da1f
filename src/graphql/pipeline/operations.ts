import { type DocumentNode, execute, type GraphQLSchema, getOperationAST, type OperationDefinitionNode } from 'graphql';
import { isPageSize, MAX_PAGE_SIZE } from '../paging/page-size.ts';
import { type Cost, createMeasure } from './answer-cost.ts';
import { compileOperation, type Run } from './compiled-execution.ts';
import { DEFAULT_LIMITS } from './limits.ts';

/** One operation of a validated document, which can run many times. */
export interface Operation {
  readonly node: OperationDefinitionNode;
  readonly run: Run;
  /** The largest answer, with the lengths of pages that these variables ask for. */
  largest(variables: Readonly<Record<string, unknown>>): Cost;
}

export interface Operations {
  /** Undefined if the document has no such operation, or has several and no name was given. */
  find(document: DocumentNode, operationName: string | null | undefined): Operation | undefined;
}

/** Compiling costs as much as a hundred runs, so rare operations are interpreted. */
export const COMPILE_AT_RUN = 3;

/** Most clients ask for pages of few lengths. */
const REMEMBERED_COSTS = 100;

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
  const costs = new Map<string, Cost>();
  let runs = 0;
  let compiled: Run | undefined;
  return {
    node,
    run(rootValue, context, variables) {
      runs += 1;
      if (runs === COMPILE_AT_RUN) compiled = compileOperation(schema, document, node);
      return (compiled ?? interpret)(rootValue, context, variables);
    },
    largest(variables) {
      const pages = pageVariables(node, variables);
      const key = JSON.stringify(pages);
      const known = costs.get(key);
      if (known !== undefined) return known;
      const pageOf = (name: string) => pages[name] ?? MAX_PAGE_SIZE;
      const cost = createMeasure({ schema, document, limits: DEFAULT_LIMITS, pageOf }).operation(node);
      if (costs.size < REMEMBERED_COSTS) costs.set(key, cost);
      return cost;
    },
  };
}

/** The variables that can be lengths of pages, with their values. */
function pageVariables(
  { variableDefinitions = [] }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): Record<string, number> {
  const pages: Record<string, number> = {};
  for (const { variable } of variableDefinitions) {
    const value = variables[variable.name.value];
    if (typeof value === 'number' && isPageSize(value)) pages[variable.name.value] = value;
  }
  return pages;
}
