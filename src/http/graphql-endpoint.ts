import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { AuthenticationFailed, type Authenticator } from '../application/ports/authenticator.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { RequestContext } from '../application/request-context.ts';
import { badUserInput } from '../domain/errors.ts';
import type { Principal } from '../domain/permissions.ts';
import type { Graphql } from '../graphql/create-graphql.ts';
import { faultForLog, type PublicError, protocolError, publicErrorOf } from '../graphql/pipeline/errors.ts';
import { bearerToken, hasSeveralAuthorizations, userAgentOf } from './caller.ts';
import type { ClientAddress } from './client-address.ts';
import { edgeError, errorBody, firstCode, JSON_TYPE, statusOf, UNAUTHENTICATED_BODY } from './graphql-answer.ts';
import type { ObservedOperation, ObserveOperation } from './observed-operations.ts';
import { readBody } from './request-body.ts';
import { remoteSpanOf } from './trace-context.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once the token is verified. */
    caller: RequestContext | null;
    /** Set with `caller`. */
    operation: ObservedOperation | null;
  }
}

export const MAX_BODY_BYTES = 256 * 1024;

export interface GraphqlEndpointOptions {
  readonly graphql: Graphql;
  readonly authenticator: Authenticator;
  readonly clientAddress: ClientAddress;
  readonly metrics: Metrics;
  readonly observe: ObserveOperation;
  readonly logger: Pick<Logger, 'error'>;
}

const NEVER_ABORTED = new AbortController().signal;

/**
 * `POST /graphql`, straight to Apollo Server's pipeline. The general integration converts every request and answer into
 * other objects, which costs a quarter of the throughput of a list query.
 */
export async function graphqlEndpoint(app: FastifyInstance, options: GraphqlEndpointOptions): Promise<void> {
  const { graphql, authenticator, clientAddress, metrics, observe } = options;
  const { services } = graphql;
  app.decorateRequest('caller', null);
  app.decorateRequest('operation', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_, body, done) =>
    done(null, body),
  );
  app.setErrorHandler((error, request, reply) => answerFault(error, request, reply, options));

  // Before the body is read, so that a caller without a token cannot make the service read one.
  async function authenticate(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const principal = await principalOf(request, authenticator);
    if (principal === undefined) {
      services.application.countUnauthenticated(clientAddress(request.raw) ?? 'unknown');
      metrics.operationRefused('UNAUTHENTICATED');
      return reply.code(401).header('www-authenticate', 'Bearer').type(JSON_TYPE).send(UNAUTHENTICATED_BODY);
    }
    request.caller = {
      principal,
      ipAddress: clientAddress(request.raw),
      userAgent: userAgentOf(request.headers['user-agent']),
      requestId: request.id,
      startedAt: performance.now(),
    };
    const parent = remoteSpanOf(request.headers.traceparent);
    request.operation = observe(request.caller, { transport: 'http', parent });
    return undefined;
  }

  app.post('/graphql', { onRequest: authenticate }, async (request, reply) => {
    const { caller, operation, body, headers } = request;
    if (caller === null || operation === null) throw new Error('the route was reached without authentication');
    if (!Buffer.isBuffer(body) || !isUtf8Json(headers['content-type'])) {
      throw badUserInput('body', 'Send the operation as application/json in UTF-8.');
    }
    const context = { services, request: caller, signal: NEVER_ABORTED };
    const asked = readBody(body);
    const { result, oneField, summary } = await operation.run(() => graphql.answer(asked, context));
    if (summary !== undefined) operation.identified(summary);
    operation.ended(firstCode(result));
    return reply.code(statusOf(result, { oneField })).type(JSON_TYPE).send(JSON.stringify(result));
  });

  app.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
    url: '/graphql',
    handler: async (_, reply) =>
      reply
        .code(405)
        .header('allow', 'POST')
        .type(JSON_TYPE)
        .send(errorBody(publicErrorOf(badUserInput('method', 'Send operations with POST.')))),
  });
}

async function principalOf(request: FastifyRequest, authenticator: Authenticator): Promise<Principal | undefined> {
  const token = bearerToken(request.headers.authorization);
  if (token === undefined || hasSeveralAuthorizations(request.raw)) return undefined;
  try {
    return await authenticator.authenticate(token);
  } catch (error) {
    if (error instanceof AuthenticationFailed) return undefined;
    throw error;
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
) {
  const { status, fault } = faultOf(error);
  const { code } = fault.extensions;
  if (code === 'INTERNAL') {
    const { id: requestId } = request;
    logger.error({ requestId, fault: faultForLog(error) }, 'a request failed unexpectedly');
  }
  metrics.operationRefused(String(code));
  request.operation?.ended(String(code));
  return reply.code(status).type(JSON_TYPE).send(errorBody(fault));
}

function faultOf(error: unknown): { status: number; fault: PublicError } {
  const known = edgeError(error);
  if (known !== undefined) return { status: 400, fault: known };
  if (isFastifyError(error, 'FST_ERR_CTP_BODY_TOO_LARGE')) {
    const text = `The body must have at most ${MAX_BODY_BYTES / 1024} KiB.`;
    return { status: 413, fault: publicErrorOf(badUserInput('body', text)) };
  }
  if (isFastifyError(error, 'FST_ERR_CTP_')) {
    return {
      status: 400,
      fault: publicErrorOf(badUserInput('body', 'Send the operation as application/json in UTF-8.')),
    };
  }
  return { status: 500, fault: protocolError('INTERNAL') };
}

function isFastifyError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith(code);
}
