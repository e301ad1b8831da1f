import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Metrics } from '../../application/ports/metrics.ts';
import type { RequestContext } from '../../application/request-context.ts';
import type { Graphql, OperationRequest } from '../../graphql/create-graphql.ts';
import { PublicError } from '../../graphql/pipeline/errors.ts';
import { EVENT_STREAM_TYPE } from '../answer-type.ts';
import { Connection } from '../connections/connection.ts';
import type { OpenConnections } from '../connections/open-connections.ts';
import { answer, startOperation } from '../connections/operations.ts';
import type { SharedExecution } from '../connections/shared-execution.ts';
import { deliver } from '../connections/subscriptions.ts';
import type { AnswerAsStream } from '../graphql-endpoint.ts';
import type { ObservedOperation } from '../observed-operations.ts';
import { type StreamTransport, streamTransport } from './stream-transport.ts';

export interface EventStreamsDeps {
  readonly graphql: Graphql;
  readonly metrics: Metrics;
  readonly connections: OpenConnections;
  readonly sharedExecution: SharedExecution;
}

/**
 * GraphQL over SSE in distinct connections mode: the answer to a request is a stream of events, and ends with its
 * operation. Everything else is as for WebSockets.
 */
export function createEventStreams({
  graphql,
  metrics,
  connections,
  sharedExecution,
}: EventStreamsDeps): AnswerAsStream {
  /** @returns the error that the operation ended with */
  async function run(connection: Connection, asked: Asked): Promise<PublicError | undefined> {
    const started = await startOperation(graphql, connection, { ...asked, id: '' });
    if (started instanceof PublicError) {
      metrics.operationRefused(String(started.extensions.code));
      return started;
    }
    const isSubscription = started.operation.node.operation === 'subscription';
    const delivery = isSubscription
      ? await deliver({ graphql, sharedExecution, metrics }, connection, started)
      : answer(graphql, connection, started);
    if ('errors' in delivery) return delivery.errors[0];
    await delivery.next();
    return undefined;
  }

  return (request, reply, asked) => {
    const { caller, operation: observed } = request;
    if (caller === null || observed === null) throw new Error('the route was reached without authentication');
    const transport = begin(request, reply);
    const connection = new Connection(transport, caller, graphql.services.now, graphql.callers);
    metrics.eventStreamOpened();
    connections.add(connection);
    transport.onEnded(() => {
      connection.ended();
      metrics.eventStreamClosed();
    });
    if (!connections.admit(connection, caller.principal)) {
      metrics.operationRefused('RATE_LIMITED');
      observed.ended('RATE_LIMITED');
      return;
    }
    const complete = (error?: PublicError) => connection.closeBy(() => transport.complete(error));
    run(connection, { request: caller, observed, lastEventId: lastEventIdOf(request), read: () => asked }).then(
      complete,
      (error: unknown) => complete(graphql.mask(error, caller.requestId)),
    );
  };
}

interface Asked {
  readonly request: RequestContext;
  readonly observed: ObservedOperation;
  readonly lastEventId: string | undefined;
  readonly read: () => OperationRequest;
}

const HEADERS = {
  'content-type': EVENT_STREAM_TYPE,
  // A proxy that compresses would hold events back.
  'cache-control': 'no-store, no-transform',
  // The same for nginx, which may collect what it passes on.
  'x-accel-buffering': 'no',
  vary: 'Accept, Origin',
};

function begin({ raw }: FastifyRequest, reply: FastifyReply): StreamTransport {
  reply.hijack();
  for (const [name, value] of Object.entries({ ...reply.getHeaders(), ...HEADERS })) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  reply.raw.statusCode = 200;
  return streamTransport(reply.raw, raw.socket);
}

/** Clients that have seen no event send none, or an empty one. */
function lastEventIdOf({ headers }: FastifyRequest): string | undefined {
  const given = headers['last-event-id'];
  return typeof given === 'string' && given !== '' ? given : undefined;
}
