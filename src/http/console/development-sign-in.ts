import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { badUserInput, PurserError, rateLimited } from '../../domain/errors.ts';
import { isLoopbackHost } from '../../domain/loopback.ts';
import { parseUrl } from '../../domain/parse-url.ts';
import { Secret } from '../../domain/secret.ts';
import { JSON_TYPE } from '../answer-type.ts';
import { createBudgets } from '../budgets.ts';
import { sendError, sendFault } from '../graphql-answer.ts';
import { requestFault, requestFaultOf } from '../request-fault.ts';

export interface SignedIn {
  readonly token: Secret;
  readonly expiresAt: Date;
}

/** Signs a developer in, by the code in a link. Only for the development issuer, on a service for this machine alone. */
export interface DevelopmentSignIn {
  /** Uses the code up. Undefined if it is not known, was used or is too old. */
  exchange(code: Secret): Promise<SignedIn | undefined>;
}

const PATH = '/console/sign-in';
const MAX_BODY_BYTES = 1024;
const TRIES_A_MINUTE = 10;
const JSON_BODY = /^application\/json\s*(?:;|$)/i;
const body = z.strictObject({ code: z.string() });

/**
 * `POST /console/sign-in` with `{ "code" }`: answers with a token. Only the console's own page on this machine may ask:
 * the checks of address and name keep other machines out, also by a name that was made to lead here, and that of the
 * origin the pages of other sites.
 */
export function developmentSignInRoute(scope: FastifyInstance, { exchange }: DevelopmentSignIn): void {
  const take = createBudgets(TRIES_A_MINUTE, () => performance.now());

  scope.register(async (inner) => {
    inner.removeAllContentTypeParsers();
    inner.addContentTypeParser('*', { parseAs: 'buffer' }, (_, bytes, done) => done(null, bytes));
    inner.setErrorHandler((error, _, reply) => answerFault(error, reply));

    inner.post(PATH, { bodyLimit: MAX_BODY_BYTES, onRequest: admit }, async (request, reply) => {
      const retryAfter = take(PATH);
      if (retryAfter > 0) throw rateLimited('There were too many tries to sign in. Wait.', retryAfter);
      const signedIn = await exchange(codeIn(request.body));
      if (signedIn === undefined) {
        throw new PurserError(
          'UNAUTHENTICATED',
          'This link was used, or is older than a minute. Print another one: npm run -s console-link',
        );
      }
      const { token, expiresAt } = signedIn;
      return reply.send({ token: token.reveal(), expiresAt: expiresAt.toISOString() });
    });
    inner.route({
      method: inner.supportedMethods.filter((method) => method !== 'POST'),
      url: PATH,
      exposeHeadRoute: false,
      onRequest: async () => {
        throw requestFault(405, 'method', 'Send the code with POST.', { allow: 'POST' });
      },
      handler: async () => undefined,
    });
  });
}

/** Before the body is read. @throws PurserError FORBIDDEN @throws RequestFault */
async function admit(request: FastifyRequest): Promise<void> {
  const { headers } = request;
  if (!isFromThisMachine(request)) {
    throw new PurserError(
      'FORBIDDEN',
      'Sign in from the machine that the service runs on, at the address of the link.',
    );
  }
  if (headers.origin !== `http://${headers.host}`) {
    throw new PurserError('FORBIDDEN', 'Only the page of the console may sign in.');
  }
  if (!JSON_BODY.test(headers['content-type'] ?? '')) {
    throw requestFault(415, 'Content-Type', 'Send the code as application/json.');
  }
}

/** By its connection, under a name of this machine, and not by way of a proxy, which may serve others. */
export function isFromThisMachine({
  headers,
  socket,
}: Pick<FastifyRequest, 'headers'> & {
  readonly socket: { readonly remoteAddress?: string | undefined };
}): boolean {
  const isForwarded = headers.forwarded !== undefined || headers['x-forwarded-for'] !== undefined;
  const name = parseUrl(`http://${headers.host ?? ''}`)?.hostname ?? '';
  return !isForwarded && isLoopbackAddress(socket.remoteAddress ?? '') && isLoopbackHost(name);
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}

/** @throws PurserError BAD_USER_INPUT */
function codeIn(bytes: unknown): Secret {
  try {
    const { code } = body.parse(JSON.parse(String(bytes)));
    return new Secret(code);
  } catch {
    // The parser's own error quotes the text.
    throw badUserInput('code', 'Send the code of the link as {"code":"…"}.');
  }
}

function answerFault(error: unknown, reply: FastifyReply): FastifyReply {
  if (error instanceof PurserError) {
    if (error.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer');
    return sendError(reply, error);
  }
  const fault = requestFaultOf(error);
  if (fault.status !== 413) throw error;
  return sendFault(reply, JSON_TYPE, requestFault(413, 'body', 'The body must have at most 1 KiB.'));
}
