import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { AFTERWARDS_MS, startOperationTime } from '../../application/operation-time.ts';
import { AuthenticationFailed, type Authenticator } from '../../application/ports/authenticator.ts';
import type { Metrics } from '../../application/ports/metrics.ts';
import type { RequestContext } from '../../application/request-context.ts';
import type { Entered } from '../../domain/asked-for.ts';
import { type ErrorCode, PurserError } from '../../domain/errors.ts';
import { PERMISSIONS, type Principal } from '../../domain/permissions.ts';
import type { Graphql } from '../../graphql/create-graphql.ts';
import { faultForLog } from '../../graphql/pipeline/errors.ts';
import { authenticateRequest } from '../authentication.ts';
import { userAgentOf } from '../caller.ts';
import type { ClientAddress } from '../client-address.ts';
import type { ObserveOperation } from '../observed-operations.ts';
import { onSent } from '../on-sent.ts';
import type { RefuseToken } from '../refused-tokens.ts';
import { requestFault } from '../request-fault.ts';
import { remoteSpanOf } from '../trace-context.ts';
import type { CredentialAnswer, CredentialProtocol } from './credential-protocol.ts';
import { credentialRefusal, sendRefusal } from './credential-refusal.ts';
import { type Parameters, parametersOf, projectIn } from './parameters.ts';

export interface CredentialRoutesDeps {
  readonly graphql: Graphql;
  readonly authenticator: Authenticator;
  readonly clientAddress: ClientAddress;
  readonly metrics: Pick<Metrics, 'operationFinished' | 'operationRefused'>;
  readonly observe: ObserveOperation;
  readonly refuseToken: RefuseToken;
  readonly logger: Pick<Logger, 'error'>;
}

const ACTION = 'ISSUE_CREDENTIAL';
/** The largest secret is 16 KiB, and some answers have it in base64 within JSON. */
const MAX_CREDENTIAL_BYTES = 32 * 1024;
const FIELDS_OF_A_CREDENTIAL = 4;

/**
 * Credentials in the clients' own protocols, one route each. All ask the same use case as `issueCredential`, so leases and
 * the audit log are the same, and so are limits, log lines and metrics.
 */
export function credentialRoutes(deps: CredentialRoutesDeps) {
  const { graphql, authenticator, clientAddress, metrics, observe, refuseToken, logger } = deps;
  const { services, callers } = graphql;

  return { add };

  /** Adds a protocol in a scope of its own: its bodies are read as bytes. */
  async function add<Asked>(app: FastifyInstance, protocol: CredentialProtocol<Asked>): Promise<void> {
    await app.register(async (scope) => {
      scope.decorateRequest('caller', null);
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
      scope.setErrorHandler((error, request, reply) => sendRefusal(reply, refusalOf(error, request)));
      const { path: url, maxBodyBytes: bodyLimit } = protocol;
      scope.route({ method: 'POST', url, bodyLimit, onRequest: (request) => admit(request, protocol), handler });
      scope.route({
        method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
        url,
        handler: async () => {
          throw requestFault(405, 'method', 'Send this with POST.', { allow: 'POST' });
        },
      });
    });

    async function handler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const context = request.caller ?? contextOf(request, await identified(request, body, protocol));
      return answer(request, reply, context, body, protocol);
    }
  }

  /** Before the body is read, so that a caller without a token cannot make the service read one. */
  async function admit<Asked>(
    request: FastifyRequest,
    { caller, takesJson }: CredentialProtocol<Asked>,
  ): Promise<void> {
    if (caller === 'token') request.caller = contextOf(request, await authenticateRequest(request.raw, authenticator));
    else caller.screen?.(request.headers);
    if (takesJson && !/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
      throw requestFault(415, 'Content-Type', 'Send the request as application/json.');
    }
  }

  function identified<Asked>(
    { headers, raw }: FastifyRequest,
    body: Buffer,
    { caller }: CredentialProtocol<Asked>,
  ): Promise<Principal> {
    if (caller === 'token') throw new Error('the route was reached without authentication');
    return caller.identify({ headers, target: raw.url ?? '', body });
  }

  function contextOf({ id, raw, headers }: FastifyRequest, principal: Principal): RequestContext {
    const userAgent = userAgentOf(headers['user-agent']);
    return { principal, ipAddress: clientAddress(raw), userAgent, requestId: id, startedAt: performance.now() };
  }

  async function answer<Asked>(
    { raw, headers }: FastifyRequest,
    reply: FastifyReply,
    context: RequestContext,
    body: Buffer,
    protocol: CredentialProtocol<Asked>,
  ): Promise<FastifyReply> {
    const { principal, startedAt } = context;
    const time = startOperationTime();
    const timed = { ...context, time };
    const operation = observe(context, { transport: 'http', parent: remoteSpanOf(headers.traceparent) });
    const slot = callers.slot(principal);
    const ended = (code: ErrorCode | undefined) => {
      operation.ended(code);
      metrics.operationFinished({
        operation: 'mutation',
        outcome: code ?? 'ok',
        seconds: (performance.now() - startedAt) / 1000,
      });
    };
    try {
      const answering = operation.run(async () => {
        const parameters = parametersOf(raw.url ?? '', ['project', ...protocol.parameters]);
        const projectId = projectIn(parameters);
        const { name, maxCredentials } = protocol;
        operation.identified({ operation: 'mutation', name, fields: ['issueCredential'], projectId });
        slot.start({
          fields: FIELDS_OF_A_CREDENTIAL * maxCredentials,
          bytes: MAX_CREDENTIAL_BYTES * maxCredentials,
        });
        const asked = await admittedAsk(timed, projectId, { parameters, body }, protocol);
        return protocol.answer(timed, projectId, asked, services);
      });
      const answered = await time.limit(answering, AFTERWARDS_MS);
      ended(answered.code);
      const text = typeof answered.body === 'string' ? answered.body : JSON.stringify(answered.body);
      const bytes = Buffer.byteLength(text);
      slot.settle(bytes);
      const sent = callers.unsent(principal, bytes, () => raw.socket.destroy());
      onSent(reply.raw, raw.socket, () => {
        sent();
        slot.end();
      });
      return send(reply, answered, text);
    } catch (error) {
      const refusal = credentialRefusal(error);
      if (refusal.code === 'INTERNAL') logFault(error, context.requestId);
      ended(refusal.code);
      slot.end();
      return sendRefusal(reply, refusal);
    }
  }

  /** The permission comes before everything else that is asked for. @throws PurserError, once it is in the audit log */
  async function admittedAsk<Asked>(
    context: RequestContext,
    projectId: string,
    { parameters, body }: { readonly parameters: Parameters; readonly body: Buffer },
    protocol: CredentialProtocol<Asked>,
  ): Promise<Asked> {
    const { principal } = context;
    const asked = readable(() => protocol.read({ principal, parameters, body }));
    const entered: Entered = 'value' in asked ? protocol.entered(asked.value) : {};
    const attempt = { projectId, action: ACTION, ...entered } as const;
    if (!(await services.application.isGranted(principal, projectId, PERMISSIONS.registryUse))) {
      await services.application.recordDenied(context, attempt);
      throw new PurserError('FORBIDDEN', 'You do not have the permission for this in this project.');
    }
    if ('value' in asked) return asked.value;
    const { fault } = asked;
    const field = fault.code === 'BAD_USER_INPUT' ? fault.details.field : undefined;
    await services.application.recordFailed(context, { ...attempt, field }, fault.code);
    throw fault;
  }

  /** Of a request that came to no operation. */
  function refusalOf(error: unknown, request: FastifyRequest) {
    const refusal = credentialRefusal(error);
    if (error instanceof AuthenticationFailed) refuseToken(error, clientAddress(request.raw));
    // Refused tokens are counted with their reason.
    else metrics.operationRefused(refusal.code);
    if (refusal.code === 'INTERNAL') logFault(error, request.id);
    return refusal;
  }

  function logFault(error: unknown, requestId: string): void {
    logger.error({ requestId, fault: faultForLog(error) }, 'a request failed unexpectedly');
  }
}

function readable<Asked>(read: () => Asked): { readonly value: Asked } | { readonly fault: PurserError } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof PurserError) return { fault: error };
    throw error;
  }
}

function send(reply: FastifyReply, { status, body }: CredentialAnswer, text: string): FastifyReply {
  if (status === 204) return reply.code(status).send();
  return reply
    .code(status)
    .type(typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8')
    .send(text);
}
