import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { parseUrl } from '../domain/parse-url.ts';

const ALLOWED_HEADERS = 'authorization, content-type, last-event-id, traceparent, x-request-id';
/** How long a browser caches a preflight, in seconds. */
const PREFLIGHT_MAX_AGE = '600';

export interface AllowedOrigins {
  has(origin: string): boolean;
}

/** Pages that a developer serves on the same machine. */
const LOCALHOST = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/** The configured origins; in development those of this machine as well. */
export function allowedOrigins(configured: readonly string[], development: boolean): AllowedOrigins {
  const listed = new Set(configured);
  return { has: (origin) => listed.has(origin) || (development && LOCALHOST.test(origin)) };
}

/**
 * Whether a page of this service asks, such as the console's. A browser lets no page choose either header. Which scheme it
 * was loaded by is not compared, since a proxy in front may have taken TLS away.
 */
export function isOwnOrigin({ origin, host }: IncomingHttpHeaders): boolean {
  return origin !== undefined && host !== undefined && parseUrl(origin)?.host === host.toLowerCase();
}

/** Allows the listed origins, such as `https://ci.example.com`. Others get no CORS header at all. */
export function allowOrigins(app: FastifyInstance, origins: AllowedOrigins): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined) return;
    reply.header('vary', 'Origin');
    if (!origins.has(origin)) return;
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-expose-headers', 'x-request-id');
  });
  app.options('/graphql', async (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined || !origins.has(origin)) return reply.code(403).send();
    return reply
      .code(204)
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', ALLOWED_HEADERS)
      .header('access-control-max-age', PREFLIGHT_MAX_AGE)
      .send();
  });
}
