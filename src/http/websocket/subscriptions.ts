import { hash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { createSourceEventStream } from 'graphql';
import type { Metrics } from '../../application/ports/metrics.ts';
import type { Graphql } from '../../graphql/create-graphql.ts';
import { type CallerLimits, costOf } from '../../graphql/pipeline/caller-limits.ts';
import type { GraphqlContext } from '../../graphql/pipeline/context.ts';
import type { PublicError } from '../../graphql/pipeline/errors.ts';
import { firstCode } from '../graphql-answer.ts';
import type { Connection, Delivery } from './connection.ts';
import { nextMessage } from './next-message.ts';
import type { StartedOperation } from './operations.ts';
import type { AnswerGroup, SharedExecution } from './shared-execution.ts';

export interface SubscriptionDeps {
  readonly graphql: Graphql;
  readonly sharedExecution: SharedExecution;
  readonly metrics: Pick<Metrics, 'subscriptionStarted' | 'subscriptionEnded'>;
}

/**
 * Sends the subscription's answers to the connection until one of them ends. graphql-ws would serialise every answer for
 * every client; here equal operations share one text.
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
  const { id, source, operationName, variables, operation, context } = started;
  const group = sharedExecution.join(
    hash('sha256', JSON.stringify([source, operationName, variables]), 'hex'),
    operation,
    variables,
  );
  metrics.subscriptionStarted();
  observed.subscribed();
  pump({ connection, id, events: opened.events, group, context, callers: graphql.callers })
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
  readonly id: string;
  readonly events: AsyncIterable<unknown>;
  readonly group: AnswerGroup;
  readonly context: GraphqlContext;
  readonly callers: CallerLimits;
}

/** Of one event for one subscriber, as values of an answer, beside its bytes. */
const EVENT_COST = 1;

async function pump({ connection, id, events, group, context, callers }: Pump): Promise<void> {
  const { signal, request } = context;
  for await (const event of events) {
    if (signal.aborted) return;
    if (typeof event !== 'object' || event === null) throw new TypeError('an event must be an object');
    const answered = group.answerTo(event, context);
    const text = typeof answered === 'string' ? answered : await answered;
    if (signal.aborted) return;
    const flushed = connection.send(nextMessage(id, text));
    if (flushed !== undefined) await flushed;
    // An event may not be left out, so a caller beyond its budget gets the next one later.
    const owedMs = callers.owe(request.principal, costOf({ fields: EVENT_COST, bytes: text.length }));
    if (owedMs > 0) await setTimeout(owedMs, undefined, { signal });
  }
}
