import { hash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { createSourceEventStream } from 'graphql';
import type { Metrics } from '../../application/ports/metrics.ts';
import type { Graphql } from '../../graphql/create-graphql.ts';
import { cursorOfItem } from '../../graphql/paging/feed-cursors.ts';
import { type CallerLimits, costOf } from '../../graphql/pipeline/caller-limits.ts';
import type { GraphqlContext } from '../../graphql/pipeline/context.ts';
import type { PublicError } from '../../graphql/pipeline/errors.ts';
import { eventVariables } from '../../graphql/pipeline/event-variables.ts';
import { firstCode } from '../graphql-answer.ts';
import type { Connection } from './connection.ts';
import type { Delivery } from './delivery.ts';
import type { StartedOperation } from './operations.ts';
import type { AnswerGroup, SharedExecution } from './shared-execution.ts';

export interface SubscriptionDeps {
  readonly graphql: Graphql;
  readonly sharedExecution: SharedExecution;
  readonly metrics: Pick<Metrics, 'subscriptionStarted' | 'subscriptionEnded'>;
}

/**
 * Sends the subscription's answers to the connection until one of them ends. graphql-ws would serialise every answer for
 * every client; here equal operations share one text, over WebSocket and as event streams.
 */
export async function deliver(
  { graphql, sharedExecution, metrics }: SubscriptionDeps,
  connection: Connection,
  started: StartedOperation,
): Promise<Delivery | { readonly errors: readonly PublicError[] }> {
  const { delivery, observed } = started;
  const opened = await observed.run(() => sourceOf(graphql, started));
  if ('errors' in opened) {
    observed.ended(firstCode(opened));
    connection.operations.delete(delivery);
    return opened;
  }
  const { source, document, operationName, variables, operation, field, context } = started;
  const { cursors } = context.services;
  const group = sharedExecution.join({
    key: hash(
      'sha256',
      JSON.stringify([source, operationName, eventVariables(document, operation.node, variables)]),
      'hex',
    ),
    operation,
    variables,
    cursorOf: (event) => cursorOfItem(cursors, field, event),
  });
  metrics.subscriptionStarted();
  observed.subscribed();
  pump({ connection, delivery, events: opened.events, group, context, callers: graphql.callers })
    // A feed may end with an error when it is stopped.
    .catch((error: unknown) => (context.signal.aborted ? undefined : graphql.mask(error, context.request.requestId)))
    .then((fault) => {
      connection.operations.delete(delivery);
      sharedExecution.leave(group);
      metrics.subscriptionEnded();
      observed.ended(fault ? firstCode({ errors: [fault] }) : undefined);
      delivery.end(fault ?? undefined);
    });
  return delivery;
}

/** The events of a subscription, or why there are none. */
async function sourceOf(
  { schema, mask }: Graphql,
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

interface Pump {
  readonly connection: Connection;
  readonly delivery: Delivery;
  readonly events: AsyncIterable<unknown>;
  readonly group: AnswerGroup;
  readonly context: GraphqlContext;
  readonly callers: CallerLimits;
}

/** Of one event for one subscriber, as values of an answer, beside its bytes. */
const EVENT_COST = 1;

async function pump({ connection, delivery, events, group, context, callers }: Pump): Promise<void> {
  const { signal, request } = context;
  for await (const event of events) {
    if (signal.aborted) return;
    if (typeof event !== 'object' || event === null) throw new TypeError('an event must be an object');
    const answered = group.answerTo(event, context);
    const { payload, cursor } = answered instanceof Promise ? await answered : answered;
    if (signal.aborted) return;
    const flushed = connection.send(connection.transport.messageOf(delivery.id, payload, cursor));
    if (!connection.isClosed) delivery.cursor = cursor;
    if (flushed !== undefined) await flushed;
    // An event may not be left out, so a caller beyond its budget gets the next one later.
    const owedMs = callers.owe(request.principal, costOf({ fields: EVENT_COST, bytes: payload.length }));
    if (owedMs > 0) await setTimeout(owedMs, undefined, { signal });
  }
}
