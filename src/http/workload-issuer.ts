import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import type { WorkloadIssuer } from '../application/ports/workload-tokens.ts';
import { unavailable } from '../domain/errors.ts';
import { discoveryDocument, jwksUrl } from '../domain/workload-token.ts';
import { faultForLog, publicErrorOf } from '../graphql/pipeline/errors.ts';
import { JSON_TYPE } from './answer-type.ts';
import { errorBody } from './graphql-answer.ts';

/** A new key is published for a week before it signs, so that caches may be slower than this too. Seconds. */
const CACHED_SECONDS = 300;

/**
 * What clouds read to verify the tokens of this service: `/.well-known/openid-configuration` and `/jwks.json` below the path of
 * the issuer. Public keys, for everybody.
 */
export function workloadIssuerRoutes(
  app: FastifyInstance,
  { issuer, publicKeys }: WorkloadIssuer,
  logger: Pick<Logger, 'error'>,
): void {
  const pathOf = (url: string) => new URL(url).pathname;
  const cacheable = (reply: FastifyReply) => reply.header('cache-control', `public, max-age=${CACHED_SECONDS}`);
  const discovery = discoveryDocument(issuer);
  app.get(pathOf(`${issuer}/.well-known/openid-configuration`), async (_, reply) => cacheable(reply).send(discovery));
  app.get(pathOf(jwksUrl(issuer)), async (request, reply) => {
    try {
      const keys = await publicKeys();
      return cacheable(reply).send({ keys });
    } catch (error) {
      logger.error({ requestId: request.id, fault: faultForLog(error) }, 'the keys of workload tokens cannot be read');
      const answer = publicErrorOf(unavailable('The keys cannot be read. Try again.'));
      return reply.code(503).type(JSON_TYPE).send(errorBody(answer));
    }
  });
}
