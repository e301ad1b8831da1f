import {
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import { startOperationTime } from '../../application/operation-time.ts';
import { badUserInput } from '../../domain/errors.ts';
import type { GraphqlContext } from './context.ts';
import { guardRefused } from './directive.ts';
import { type ErrorMask, type PublicError, publicErrorOf } from './errors.ts';
import { createOperations, type Operation } from './operations.ts';
import { variableFault } from './variable-fault.ts';

/** The answer to a client, with masked errors. */
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

export interface UnfitOperation {
  readonly fault: PublicError;
  /** Undefined if there is none, or it is unclear which one is meant. */
  readonly node: OperationDefinitionNode | undefined;
}

export interface Executor {
  /** Runs a query or a mutation. Never rejects. */
  execute(request: ExecutionRequest): Promise<Answer>;
  /** The operation, if it exists and its variables are valid; otherwise what is wrong. */
  prepare(request: Omit<ExecutionRequest, 'context'>): Operation | UnfitOperation;
  /** The error for an operation with a fault, once the attempt is recorded. Never rejects. */
  refuse(unfit: UnfitOperation, request: Pick<ExecutionRequest, 'context' | 'variables'>): Promise<PublicError>;
  /** The answer for one event of a subscription. Never rejects. */
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

const NO_OPERATION = publicErrorOf(
  badUserInput('operationName', "`operationName` must name one of the document's operations."),
);
const NOT_HERE = publicErrorOf(
  badUserInput('query', 'Send subscriptions over WebSocket, or with `Accept: text/event-stream`.'),
);

/** What is late of its own accord has said so by now, such as a mutation that was recorded as failed. Milliseconds. */
const LAST_MS = 3_000;

/** Further errors would add nothing. */
const MAX_ERRORS = 20;

export function createExecutor({ schema, mask, onFinished }: ExecutorOptions): Executor {
  const operations = createOperations(schema);

  function prepare({
    document,
    operationName,
    variables,
  }: Omit<ExecutionRequest, 'context'>): Operation | UnfitOperation {
    const operation = operations.find(document, operationName);
    if (operation === undefined) return { fault: NO_OPERATION, node: undefined };
    const fault = variableFault(schema, operation.node, variables);
    return fault === undefined ? operation : { fault, node: operation.node };
  }

  async function refuse(
    { fault, node }: UnfitOperation,
    { context, variables }: Pick<ExecutionRequest, 'context' | 'variables'>,
  ): Promise<PublicError> {
    if (node === undefined) return fault;
    const { requestId } = context.request;
    try {
      const refusal = await guardRefused(schema, node, variables, context, fieldOf(fault));
      return refusal === undefined ? fault : mask(refusal, requestId);
    } catch (error) {
      return mask(error, requestId);
    }
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

  /** Runs the operation if its caller may still spend what it costs. */
  async function charged(
    operation: Operation,
    context: GraphqlContext,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<Answer> {
    try {
      context.slot.start(operation.largest(variables));
    } catch (error) {
      return { errors: [mask(error, context.request.requestId)] };
    }
    return run(operation, undefined, context, variables);
  }

  async function answerTo(operation: Operation | UnfitOperation, request: ExecutionRequest): Promise<Answer> {
    if ('fault' in operation) return { errors: [await refuse(operation, request)] };
    if (operation.node.operation === OperationTypeNode.SUBSCRIPTION) return { errors: [NOT_HERE] };
    return charged(operation, request.context, request.variables);
  }

  function masked({ data, errors }: ExecutionResult, requestId: string): Answer {
    if (errors === undefined || errors.length === 0) return { data: data ?? null };
    const publicErrors = errors.slice(0, MAX_ERRORS).map((error) => mask(error, requestId));
    return data === undefined ? { errors: publicErrors } : { errors: publicErrors, data };
  }

  return {
    prepare,
    refuse,
    executeEvent: run,
    async execute({ context: given, ...asked }) {
      const time = startOperationTime();
      const context = { ...given, request: { ...given.request, time } };
      const operation = prepare(asked);
      const answer = await time
        .limit(answerTo(operation, { ...asked, context }), LAST_MS)
        .catch((error: unknown) => ({ errors: [mask(error, context.request.requestId)] }));
      onFinished({
        operation: operation.node?.operation ?? 'unknown',
        outcome: outcomeOf(answer),
        seconds: (performance.now() - context.request.startedAt) / 1000,
      });
      return answer;
    },
  };
}

function fieldOf({ extensions }: PublicError): string | undefined {
  return typeof extensions.field === 'string' ? extensions.field : undefined;
}

export function outcomeOf({ errors }: Answer): string {
  const code = errors?.[0]?.extensions.code;
  return typeof code === 'string' ? code : 'ok';
}
