import { type DocumentNode, type ExecutionResult, type GraphQLSchema, OperationTypeNode } from 'graphql';
import { variableFault } from './coercion.ts';
import type { GraphqlContext } from './context.ts';
import { type ErrorMask, type PublicError, protocolError } from './errors.ts';
import { createOperations, type Operation } from './operations.ts';

/** What a client is answered: errors are masked already. */
export interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly PublicError[];
}

export interface FinishedOperation {
  readonly operation: 'query' | 'mutation' | 'subscription' | 'unknown';
  /** `ok`, or the code of the first error. */
  readonly outcome: string;
  readonly seconds: number;
}

export interface ExecutionRequest {
  /** Admitted: within the limits and valid. */
  readonly document: DocumentNode;
  readonly operationName: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: GraphqlContext;
}

export interface Executor {
  /** Runs a query or a mutation. Never rejects. */
  execute(request: ExecutionRequest): Promise<Answer>;
  /** The operation, where it exists and its variables fit; otherwise what is wrong. */
  prepare(request: Omit<ExecutionRequest, 'context'>): Operation | PublicError;
  /** One event of a subscription, as its answer. Never rejects. */
  executeEvent(
    operation: Operation,
    event: unknown,
    context: GraphqlContext,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<Answer>;
}

export interface ExecutorOptions {
  readonly schema: GraphQLSchema;
  readonly mask: ErrorMask;
  readonly onFinished: (finished: FinishedOperation) => void;
}

/** More say nothing that the first ones did not. */
const MAX_ERRORS = 20;

export function createExecutor({ schema, mask, onFinished }: ExecutorOptions): Executor {
  const operations = createOperations(schema);

  function prepare({ document, operationName, variables }: Omit<ExecutionRequest, 'context'>): Operation | PublicError {
    const operation = operations.find(document, operationName);
    if (operation === undefined) return protocolError('BAD_USER_INPUT', { field: 'operationName' });
    return variableFault(schema, operation.node, variables) ?? operation;
  }

  async function run(
    operation: Operation,
    rootValue: unknown,
    context: GraphqlContext,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<Answer> {
    const { requestId } = context.request;
    try {
      return masked(await operation.run(rootValue, context, variables), requestId);
    } catch (error) {
      return { errors: [mask(error, requestId)] };
    }
  }

  function masked({ data, errors }: ExecutionResult, requestId: string): Answer {
    if (errors === undefined || errors.length === 0) return { data: data ?? null };
    const publicErrors = errors.slice(0, MAX_ERRORS).map((error) => mask(error, requestId));
    return data === undefined ? { errors: publicErrors } : { errors: publicErrors, data };
  }

  return {
    prepare,
    executeEvent: run,
    async execute(request) {
      const { context, variables } = request;
      const operation = prepare(request);
      const answer =
        operation instanceof Error
          ? { errors: [operation] }
          : operation.node.operation === OperationTypeNode.SUBSCRIPTION
            ? { errors: [protocolError('BAD_USER_INPUT', { field: 'query' })] }
            : await run(operation, undefined, context, variables);
      onFinished({
        operation: operation instanceof Error ? 'unknown' : operation.node.operation,
        outcome: outcomeOf(answer),
        seconds: (performance.now() - context.request.startedAt) / 1000,
      });
      return answer;
    },
  };
}

export function outcomeOf({ errors }: Answer): string {
  const code = errors?.[0]?.extensions.code;
  return typeof code === 'string' ? code : 'ok';
}
