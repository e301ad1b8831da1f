import { randomUUID } from 'node:crypto';
import { createSourceEventStream, type DocumentNode, GraphQLError, type GraphQLSchema } from 'graphql';
import { PurserError, unavailable } from '../domain/errors.ts';
import type { Admission } from '../graphql/admission.ts';
import type { GraphqlContext, Services } from '../graphql/context.ts';
import { type ErrorMask, type PublicError, protocolError, publicErrorOf } from '../graphql/errors.ts';
import type { Executor } from '../graphql/executor.ts';
import type { Operation } from '../graphql/operations.ts';
import type { SharedAnswers } from '../graphql/shared-answers.ts';
import { edgeError } from './graphql-answer.ts';
import type { Metrics } from './metrics.ts';
import { readOperation } from './request-body.ts';
import type { Connection } from './websocket-connection.ts';

export interface OperationParts {
  readonly schema: GraphQLSchema;
  readonly services: Services;
  readonly admission: Admission;
  readonly executor: Executor;
  readonly sharedAnswers: SharedAnswers;
  readonly mask: ErrorMask;
  readonly metrics: Metrics;
}

/** Operations that one connection may have under way. */
export const MAX_OPERATIONS = 50;

/** An operation of a connection that may run: its document is admitted and its variables fit. */
export interface StartedOperation {
  readonly id: string;
  readonly source: string;
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operation: Operation;
  readonly context: GraphqlContext;
  readonly controller: AbortController;
}

/** The same checks as over HTTP. What is refused is told to the client under the operation's id. */
export function startOperation(
  { services, admission, executor }: OperationParts,
  connection: Connection,
  id: string,
  payload: unknown,
): StartedOperation | PublicError {
  const request = connection.requestContext(randomUUID());
  if (request === undefined) return protocolError('UNAUTHENTICATED');
  if (connection.draining) {
    return publicErrorOf(unavailable('The service is shutting down. Connect again.'));
  }
  if (connection.operations.size >= MAX_OPERATIONS) {
    return publicErrorOf(
      new PurserError('RATE_LIMITED', `A connection may have at most ${MAX_OPERATIONS} operations under way.`),
    );
  }
  try {
    const { query, operationName, variables } = readOperation(payload);
    const document = admission.admit(query);
    const operation = executor.prepare({ document, operationName, variables });
    if (operation instanceof GraphQLError) return operation;
    const controller = new AbortController();
    connection.operations.add(controller);
    const context = { services, request, signal: controller.signal };
    return { id, source: query, document, operationName, variables, operation, context, controller };
  } catch (error) {
    const known = edgeError(error);
    if (known === undefined) throw error;
    return known;
  }
}

/** The events of a subscription, or why there are none. */
async function sourceOf(
  { schema, mask }: OperationParts,
  { document, operationName, variables, context }: StartedOperation,
): Promise<{ readonly events: AsyncIterable<unknown> } | { readonly errors: readonly PublicError[] }> {
  const { requestId } = context.request;
  try {
    const source = await createSourceEventStream({
      schema,
      document,
      operationName,
      variableValues: variables,
      contextValue: context,
    });
    if (Symbol.asyncIterator in source) return { events: source };
    return { errors: (source.errors ?? []).map((error) => mask(error, requestId)) };
  } catch (error) {
    return { errors: [mask(error, requestId)] };
  }
}

/** An iterator for graphql-ws that never gives a value: the answers go to the socket by themselves, serialised once. */
export type Delivery = AsyncGenerator<never, void, void>;

/**
 * Sends the subscription's answers to the connection until either ends. graphql-ws would serialise every answer for
 * every client; here equal operations share one text.
 */
export async function deliver(
  parts: OperationParts,
  connection: Connection,
  started: StartedOperation,
): Promise<Delivery | { readonly errors: readonly PublicError[] }> {
  const { sharedAnswers, metrics, mask } = parts;
  const { id, operation, context, controller, source, operationName, variables } = started;
  const { signal } = controller;
  const opened = await sourceOf(parts, started);
  if ('errors' in opened) {
    connection.operations.delete(controller);
    return opened;
  }
  const { events } = opened;
  const group = sharedAnswers.join(JSON.stringify([source, operationName, variables]), operation, variables);
  const prefix = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
  metrics.subscriptionStarted();

  async function pump(): Promise<void> {
    try {
      for await (const event of events) {
        if (signal.aborted) return;
        if (typeof event !== 'object' || event === null) throw new TypeError('an event must be an object');
        const answer = group.answerTo(event, context);
        const text = typeof answer === 'string' ? answer : await answer;
        if (signal.aborted) return;
        const flushed = connection.send(`${prefix}${text}}`);
        if (flushed !== undefined) await flushed;
      }
    } catch (error) {
      if (!signal.aborted) throw mask(error, context.request.requestId);
    } finally {
      connection.operations.delete(controller);
      group.leave();
      metrics.subscriptionEnded();
    }
  }
  return deliveryOf(pump(), controller);
}

/** Written out because an async generator's `return` would wait for the event that is being waited for. */
function deliveryOf(pumping: Promise<void>, controller: AbortController): Delivery {
  const done = { value: undefined, done: true } as const;
  const stopped = new Promise<void>((resolve) => {
    controller.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const ended = Promise.race([pumping, stopped]);
  // Whoever stops early does not ask for the outcome.
  ended.catch(() => undefined);
  pumping.catch(() => undefined);
  return {
    async next() {
      await ended;
      return done;
    },
    async return() {
      controller.abort();
      return done;
    },
    async throw(error) {
      controller.abort();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      controller.abort();
    },
  };
}
