import { randomUUID } from 'node:crypto';
import type { DocumentNode } from 'graphql';
import { rateLimited } from '../../domain/errors.ts';
import type { Graphql } from '../../graphql/create-graphql.ts';
import type { GraphqlContext } from '../../graphql/pipeline/context.ts';
import { type PublicError, protocolError, publicErrorOf } from '../../graphql/pipeline/errors.ts';
import type { Answer } from '../../graphql/pipeline/executor.ts';
import type { Operation } from '../../graphql/pipeline/operations.ts';
import { edgeError, shuttingDown } from '../graphql-answer.ts';
import { readOperation } from '../request-body.ts';
import { type Connection, Delivery } from './connection.ts';

/** How many operations a connection may run at once. */
export const MAX_OPERATIONS = 50;

/** An operation that may run: its document is admitted and its variables are valid. */
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

/** The same checks as over HTTP. The client gets a refusal under the operation's id, once it is recorded. */
export function startOperation(
  { services, documents, executor }: Graphql,
  connection: Connection,
  id: string,
  payload: unknown,
): StartedOperation | PublicError | Promise<PublicError> {
  const request = connection.requestContext(randomUUID());
  if (request === undefined) return protocolError('UNAUTHENTICATED');
  if (connection.draining) return shuttingDown();
  if (connection.operations.size >= MAX_OPERATIONS) {
    return publicErrorOf(rateLimited(`A connection may run at most ${MAX_OPERATIONS} operations at once.`, 1));
  }
  try {
    const { query, operationName, variables } = readOperation(payload);
    const document = documents.admit(query);
    const operation = executor.prepare({ document, operationName, variables });
    const controller = new AbortController();
    const delivery = new Delivery(controller);
    // Counted here and not at the start of the run, because many requests can arrive before the first one runs.
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

/** Runs a query or a mutation. */
export function answer({ executor }: Graphql, connection: Connection, started: StartedOperation): Promise<Answer> {
  const { delivery } = started;
  const running = executor.execute(started);
  delivery.answer = running;
  return running.finally(() => connection.operations.delete(delivery));
}
