import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { getOperationAST, OperationTypeNode } from 'graphql';
import type { Logger } from 'pino';
import { AuthenticationFailed, type Authenticator } from '../application/ports/authenticator.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { RequestContext } from '../application/request-context.ts';
import type { Graphql, OperationRequest, OperationResult } from '../graphql/create-graphql.ts';
import { faultForLog, protocolError } from '../graphql/pipeline/errors.ts';
import { answerType, answerTypeOrJson, prefersEventStream } from './answer-type.ts';
import { authenticateRequest, challengeTo } from './authentication.ts';
import { userAgentOf } from './caller.ts';
import type { ClientAddress } from './client-address.ts';
import { edgeError, firstCode, sendAnswer, sendFault } from './graphql-answer.ts';
import type { ObservedOperation, ObserveOperation } from './observed-operations.ts';
import { onSent } from './on-sent.ts';
import type { RefuseToken } from './refused-tokens.ts';
import { parseBody, parseQueryString, readOperation } from './request-body.ts';
import { MAX_BODY_BYTES, MAX_URL_LENGTH, RequestFault, requestFault, requestFaultOf } from './request-fault.ts';
import { remoteSpanOf } from './trace-context.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the token is verified. */
    caller: RequestContext | null;
    /** Set with `caller`. */
    operation: ObservedOperation | null;
    /** The answer is to be a stream of events. Set with `caller`. */
    asStream: boolean;
  }
}

/** Answers a request with a stream of events, which goes on after this returns. */
export type AnswerAsStream = (request: FastifyRequest, reply: FastifyReply, asked: OperationRequest) => void;

export interface GraphqlEndpointOptions {
  readonly graphql: Graphql;
  readonly authenticator: Authenticator;
  readonly clientAddress: ClientAddress;
  readonly metrics: Metrics;
  readonly observe: ObserveOperation;
  readonly refuseToken: RefuseToken;
  readonly answerAsStream: AnswerAsStream;
  readonly logger: Pick<Logger, 'error'>;
}

const NEVER_ABORTED = new AbortController().signal;

/**
 * `/graphql` over HTTP, straight to Apollo Server's pipeline. The general integration converts every request and answer
 * into other objects, which costs a quarter of the throughput of a list query.
 */
export async function graphqlEndpoint(app: FastifyInstance, options: GraphqlEndpointOptions): Promise<void> {
  const { authenticator, clientAddress, observe, refuseToken } = options;
  app.decorateRequest('caller', null);
  app.decorateRequest('operation', null);
  app.decorateRequest('asStream', false);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_, body, done) =>
    done(null, body),
  );
  app.setErrorHandler((error, request, reply) => answerFault(error, request, reply, options));

  // Before the body is read, so that a caller without a token cannot make the service read one.
  async function admit(request: FastifyRequest): Promise<void> {
    const { id, raw, headers } = request;
    const ipAddress = clientAddress(raw);
    const principal = await authenticateRequest(raw, authenticator).catch((error: unknown) => {
      if (!(error instanceof AuthenticationFailed)) throw error;
      refuseToken(error, ipAddress);
      throw new RequestFault(401, protocolError('UNAUTHENTICATED'), { 'www-authenticate': challengeTo(error) });
    });
    const userAgent = userAgentOf(headers['user-agent']);
    request.caller = { principal, ipAddress, userAgent, requestId: id, startedAt: performance.now() };
    request.asStream = prefersEventStream(headers.accept);
    const transport = request.asStream ? 'sse' : 'http';
    request.operation = observe(request.caller, { transport, parent: remoteSpanOf(headers.traceparent) });
    if (!request.asStream && answerType(headers.accept) === undefined) {
      throw requestFault(
        406,
        'Accept',
        'Accept application/graphql-response+json, application/json or text/event-stream.',
      );
    }
  }

  app.post('/graphql', { onRequest: admit }, async (request, reply) => {
    const { body, headers } = request;
    if (!isUtf8Json(headers['content-type'])) {
      throw requestFault(415, 'Content-Type', 'Send the operation as application/json in UTF-8.');
    }
    const parsed = read(400, () => parseBody(Buffer.isBuffer(body) ? body : Buffer.alloc(0)));
    return answerTo(
      request,
      reply,
      read(422, () => readOperation(parsed)),
      options,
    );
  });

  // No other site's page can make a browser send the token, and a query changes nothing.
  app.get('/graphql', { onRequest: admit, exposeHeadRoute: false }, async (request, reply) => {
    const { url } = request.raw;
    if (url === undefined || url.length > MAX_URL_LENGTH) {
      throw requestFault(
        414,
        'url',
        `The URL must have at most ${MAX_URL_LENGTH} characters. Send the operation with POST.`,
      );
    }
    const parsed = read(400, () => parseQueryString(url));
    const asked = read(422, () => readOperation(parsed));
    return answerTo(request, reply, asked, options);
  });

  app.route({
    method: ['HEAD', 'PUT', 'PATCH', 'DELETE'],
    url: '/graphql',
    handler: async () => {
      throw requestFault(405, 'method', 'Send operations with POST, or queries with GET.', { allow: 'GET, POST' });
    },
  });
}

/** What is wrong with the request itself, before there is an operation. @throws RequestFault */
function read<Value>(status: 400 | 422, reader: () => Value): Value {
  try {
    return reader();
  } catch (error) {
    const known = edgeError(error);
    throw known === undefined ? error : new RequestFault(status, known);
  }
}

async function answerTo(
  request: FastifyRequest,
  reply: FastifyReply,
  asked: OperationRequest,
  { graphql, metrics, answerAsStream }: Pick<GraphqlEndpointOptions, 'graphql' | 'metrics' | 'answerAsStream'>,
): Promise<FastifyReply> {
  const { caller, operation, method, headers, raw } = request;
  if (caller === null || operation === null) throw new Error('the route was reached without authentication');
  const admitMethod = () => {
    if (method === 'GET' && isMutation(graphql, asked, caller)) {
      throw requestFault(405, 'method', 'Send mutations with POST.', { allow: 'POST' });
    }
  };
  if (request.asStream) {
    unlessEdgeError(admitMethod);
    answerAsStream(request, reply, asked);
    return reply;
  }
  const slot = graphql.callers.slot(caller.principal);
  const context = { services: graphql.services, request: caller, signal: NEVER_ABORTED, slot };
  const running = operation.run(async (): Promise<OperationResult> => {
    try {
      admitMethod();
      return await graphql.answer(asked, context);
    } catch (error) {
      const known = edgeError(error);
      if (known === undefined) throw error;
      metrics.operationRefused(String(known.extensions.code));
      return { result: { errors: [known.toJSON()] }, summary: undefined };
    }
  });
  const { result, summary } = await running.catch((error: unknown) => {
    slot.end();
    throw error;
  });
  if (summary !== undefined) operation.identified(summary);
  operation.ended(firstCode(result));
  const text = JSON.stringify(result);
  const bytes = Buffer.byteLength(text);
  slot.settle(bytes);
  const sent = graphql.callers.unsent(caller.principal, bytes, () => raw.socket.destroy());
  onSent(reply.raw, raw.socket, () => {
    sent();
    slot.end();
  });
  return sendAnswer(reply, answerTypeOrJson(headers.accept), result, text);
}

function isMutation(
  { documents, callers }: Graphql,
  { query, operationName }: OperationRequest,
  { principal }: RequestContext,
): boolean {
  const document = documents.admit(query, (cost) => callers.charge(principal, cost));
  return getOperationAST(document, operationName)?.operation === OperationTypeNode.MUTATION;
}

/** What is wrong with a document is told by the stream. @throws RequestFault */
function unlessEdgeError(check: () => void): void {
  try {
    check();
  } catch (error) {
    if (edgeError(error) === undefined) throw error;
  }
}

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

function isUtf8Json(contentType: string | undefined): boolean {
  const charset = contentType === undefined ? undefined : CHARSET.exec(contentType)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}

function answerFault(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { metrics, logger }: Pick<GraphqlEndpointOptions, 'metrics' | 'logger'>,
): FastifyReply {
  const fault = requestFaultOf(error);
  const { code } = fault.error.extensions;
  if (code === 'INTERNAL') {
    const { id: requestId } = request;
    logger.error({ requestId, fault: faultForLog(error) }, 'a request failed unexpectedly');
  }
  // Refused tokens are counted with their reason.
  if (code !== 'UNAUTHENTICATED') metrics.operationRefused(String(code));
  request.operation?.ended(String(code));
  return sendFault(reply, answerTypeOrJson(request.headers.accept), fault);
}
