import { randomUUID } from 'node:crypto';
import { createSourceEventStream, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { Metrics } from '../../application/ports/metrics.ts';
import { rateLimited } from '../../domain/errors.ts';
import type { GraphqlContext, Services } from '../../graphql/pipeline/context.ts';
import type { Admission } from '../../graphql/pipeline/document-cache.ts';
import { type ErrorMask, type PublicError, protocolError, publicErrorOf } from '../../graphql/pipeline/errors.ts';
import type { Answer, Executor } from '../../graphql/pipeline/executor.ts';
import type { Operation } from '../../graphql/pipeline/operations.ts';
import type { AnswerGroup, SharedExecution } from '../../graphql/pipeline/shared-execution.ts';
import { edgeError, shuttingDown } from '../graphql-answer.ts';
import { readOperation } from '../request-body.ts';
import type { Connection, ConnectionOperation } from './connection.ts';

export interface OperationDeps {
  readonly schema: GraphQLSchema;
  readonly services: Services;
  readonly admission: Admission;
  readonly executor: Executor;
  readonly sharedExecution: SharedExecution;
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
  readonly delivery: Delivery;
}

/** The same checks as over HTTP. What is refused is told to the client under the operation's id, once it is recorded. */
export function startOperation(
  { services, admission, executor }: OperationDeps,
  connection: Connection,
  id: string,
  payload: unknown,
): StartedOperation | PublicError | Promise<PublicError> {
  const request = connection.requestContext(randomUUID());
  if (request === undefined) return protocolError('UNAUTHENTICATED');
  if (connection.draining) return shuttingDown();
  if (connection.operations.size >= MAX_OPERATIONS) {
    return publicErrorOf(rateLimited(`A connection may have at most ${MAX_OPERATIONS} operations under way.`, 1));
  }
  try {
    const { query, operationName, variables } = readOperation(payload);
    const document = admission.admit(query);
    const operation = executor.prepare({ document, operationName, variables });
    const controller = new AbortController();
    const delivery = new Delivery(controller);
    // Here, not when it runs: many can be asked for before the first one does.
    connection.operations.add(delivery);
    const context = { services, request, signal: controller.signal };
    if ('fault' in operation) {
      const refused = executor.refuse(operation, { variables, context });
      delivery.answer = refused;
      return refused.finally(() => connection.operations.delete(delivery));
    }
    return { id, source: query, document, operationName, variables, operation, context, delivery };
  } catch (error) {
    const known = edgeError(error);
    if (known === undefined) throw error;
    return known;
  }
}

/** The events of a subscription, or why there are none. */
async function sourceOf(
  { schema, mask }: OperationDeps,
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

/** Runs a query or a mutation. */
export function answer(
  { executor }: OperationDeps,
  connection: Connection,
  started: StartedOperation,
): Promise<Answer> {
  const { delivery } = started;
  const running = executor.execute(started);
  delivery.answer = running;
  return running.finally(() => connection.operations.delete(delivery));
}

/**
 * Sends the subscription's answers to the connection until either ends. graphql-ws would serialise every answer for
 * every client; here equal operations share one text.
 */
export async function deliver(
  deps: OperationDeps,
  connection: Connection,
  started: StartedOperation,
): Promise<Delivery | { readonly errors: readonly PublicError[] }> {
  const { delivery } = started;
  const opened = await sourceOf(deps, started);
  if ('errors' in opened) {
    connection.operations.delete(delivery);
    return opened;
  }
  const { sharedExecution, metrics } = deps;
  const { id, source, operationName, variables, operation, context } = started;
  const group = sharedExecution.join(JSON.stringify([source, operationName, variables]), operation, variables);
  metrics.subscriptionStarted();
  pump(connection, id, opened.events, group, context)
    // A feed may end with an error when it is told to stop.
    .catch((error: unknown) => (context.signal.aborted ? undefined : deps.mask(error, context.request.requestId)))
    .then((fault) => {
      connection.operations.delete(delivery);
      sharedExecution.leave(group);
      metrics.subscriptionEnded();
      delivery.end(fault ?? undefined);
    });
  return delivery;
}

async function pump(
  connection: Connection,
  id: string,
  events: AsyncIterable<unknown>,
  group: AnswerGroup,
  context: GraphqlContext,
): Promise<void> {
  for await (const event of events) {
    if (context.signal.aborted) return;
    if (typeof event !== 'object' || event === null) throw new TypeError('an event must be an object');
    const answered = group.answerTo(event, context);
    const text = typeof answered === 'string' ? answered : await answered;
    if (context.signal.aborted) return;
    const flushed = connection.send(`{"id":${JSON.stringify(id)},"type":"next","payload":${text}}`);
    if (flushed !== undefined) await flushed;
  }
}

/**
 * An operation under way. Of a subscription, it is what graphql-ws iterates over: it never gives a value, because the
 * answers go to the socket by themselves, and it ends when it is told to. An async generator's `return` would wait for
 * the event that is being waited for.
 */
export class Delivery implements AsyncGenerator<never, void, void>, ConnectionOperation {
  answer: Promise<unknown> | undefined;
  #resolve: () => void = () => undefined;
  #reject: (fault: unknown) => void = () => undefined;
  readonly #ended = new Promise<void>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  constructor(private readonly controller: AbortController) {
    // Whoever stops early does not ask for the outcome.
    this.#ended.catch(() => undefined);
  }

  stop(): void {
    this.controller.abort();
    this.#resolve();
  }

  end(fault: PublicError | undefined): void {
    if (fault === undefined) this.#resolve();
    else this.#reject(fault);
  }

  async next(): Promise<IteratorReturnResult<void>> {
    await this.#ended;
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.stop();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<never> {
    this.stop();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }
}
