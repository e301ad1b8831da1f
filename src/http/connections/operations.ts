import type { DocumentNode } from 'graphql';
import type { RequestContext } from '../../application/request-context.ts';
import { rateLimited } from '../../domain/errors.ts';
import type { Graphql, OperationRequest } from '../../graphql/create-graphql.ts';
import { costOf } from '../../graphql/pipeline/caller-limits.ts';
import type { GraphqlContext } from '../../graphql/pipeline/context.ts';
import { PublicError, publicErrorOf } from '../../graphql/pipeline/errors.ts';
import { checkVariables } from '../../graphql/pipeline/input-text.ts';
import { summaryOf } from '../../graphql/pipeline/operation-summary.ts';
import type { Operation } from '../../graphql/pipeline/operations.ts';
import { edgeError, firstCode, shuttingDown } from '../graphql-answer.ts';
import type { ObservedOperation } from '../observed-operations.ts';
import type { Connection } from './connection.ts';
import { Delivery } from './delivery.ts';
import { payloadOf } from './payload.ts';

/** How many operations a connection may run at once. */
export const MAX_OPERATIONS = 50;

/** An operation that may run: its document is admitted and its variables are valid. */
export interface StartedOperation {
  readonly source: string;
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operation: Operation;
  /** The first root field, by the schema's name. */
  readonly field: string;
  readonly context: GraphqlContext;
  readonly delivery: Delivery;
  readonly observed: ObservedOperation;
}

/** An operation that a client asks for. */
export interface AskedOperation {
  /** What the client calls it. */
  readonly id: string;
  readonly request: RequestContext;
  readonly observed: ObservedOperation;
  /** The cursor that the client's protocol resumes from by itself: it wins over the argument `after`. */
  readonly lastEventId?: string | undefined;
  /** @throws PublicError, PurserError if it is no operation */
  readonly read: () => OperationRequest;
}

/** The same checks as over HTTP. The client gets a refusal under the operation's id, once it is recorded. */
export function startOperation(
  graphql: Graphql,
  connection: Connection,
  asked: AskedOperation,
): StartedOperation | PublicError | Promise<PublicError> {
  const { observed } = asked;
  const refused = (error: PublicError): PublicError => {
    observed.ended(firstCode({ errors: [error] }));
    return error;
  };
  try {
    const started = observed.run(() => admitted(graphql, connection, asked));
    if (started instanceof Promise) return started.then(refused);
    return started instanceof PublicError ? refused(started) : started;
  } catch (error) {
    const known = edgeError(error);
    if (known !== undefined) return refused(known);
    observed.ended('INTERNAL');
    throw error;
  }
}

/** @throws PublicError, PurserError if the document is not admitted */
function admitted(
  { services, documents, executor, callers }: Graphql,
  connection: Connection,
  { id, request, observed, lastEventId, read }: AskedOperation,
): StartedOperation | PublicError | Promise<PublicError> {
  if (connection.draining) return shuttingDown();
  if (connection.operations.size >= MAX_OPERATIONS) {
    return publicErrorOf(rateLimited(`A connection may run at most ${MAX_OPERATIONS} operations at once.`, 1));
  }
  const { query, operationName, variables } = read();
  checkVariables(variables);
  const { principal } = request;
  const document = documents.admit(query, (cost) => callers.charge(principal, cost));
  const operation = executor.prepare({ document, operationName, variables });
  // Queries and mutations are charged when they run.
  if (!('fault' in operation) && operation.node.operation === 'subscription') {
    callers.charge(principal, costOf(operation.largest(variables)));
  }
  const summary = operation.node && summaryOf(document, operation.node, variables);
  if (summary !== undefined) observed.identified(summary);
  const controller = new AbortController();
  const delivery = new Delivery(id, controller);
  // Counted here and not at the start of the run, because many requests can arrive before the first one runs.
  connection.operations.add(delivery);
  const context = { services, request, signal: controller.signal, slot: callers.slot(principal), lastEventId };
  if ('fault' in operation) {
    const refused = executor.refuse(operation, { variables, context });
    delivery.answer = refused;
    return refused.finally(() => connection.operations.delete(delivery));
  }
  const [field = ''] = summary?.fields ?? [];
  return { source: query, document, operationName, variables, operation, field, context, delivery, observed };
}

/** Runs a query or a mutation, and sends its answer. It counts as running until the client has it, or is gone. */
export function answer({ executor, mask }: Graphql, connection: Connection, started: StartedOperation): Delivery {
  const { context, delivery, observed } = started;
  const ended = () => {
    context.slot.end();
    connection.operations.delete(delivery);
  };
  delivery.answer = observed
    .run(() => executor.execute(started))
    .then((answered) => {
      observed.ended(firstCode(answered));
      const text = connection.transport.messageOf(delivery.id, payloadOf(answered), undefined);
      context.slot.settle(Buffer.byteLength(text));
      if (context.signal.aborted) ended();
      else connection.send(text, ended);
      delivery.end(undefined);
    })
    .catch((error: unknown) => {
      ended();
      delivery.end(mask(error, context.request.requestId));
    });
  return delivery;
}
