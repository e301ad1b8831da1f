import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Application } from '../application/create-application.ts';
import { ERROR_REFERENCE } from '../domain/error-reference.ts';
import { PurserError, rateLimited } from '../domain/errors.ts';
import { networkOf } from '../domain/network.ts';
import { Secret } from '../domain/secret.ts';
import { publicErrorOf } from '../graphql/pipeline/errors.ts';
import { JSON_TYPE } from './answer-type.ts';
import type { ClientAddress } from './client-address.ts';
import { errorBody } from './graphql-answer.ts';

const FILE = /^(?<capability>[A-Za-z0-9_-]{43})\.ics$/;
/** In place of the path, which holds the capability, wherever something is written. */
const SHOWN_PATH = '/calendar/…';
/** Calendar programs ask once an hour or less often; many may share an address. */
const READS_A_MINUTE = 120;
const REMEMBERED_NETWORKS = 10_000;
const MAX_AGE_SECONDS = 300;

export interface CalendarRouteDeps {
  readonly readCalendar: Application['readCalendar'];
  readonly clientAddress: ClientAddress;
  readonly logger: Pick<Logger, 'info'>;
  /** Reads of one network (/24, /64) in this process. Default: 120. */
  readonly readsAMinute?: number | undefined;
  /** Milliseconds since any moment. */
  readonly clock?: () => number;
}

/**
 * `GET /calendar/<capability>.ics`. Calendar programs send no token, so the capability in the path is all that opens the
 * calendar. It must not be written anywhere. A path that opens nothing is answered like any path that does not exist.
 */
export function calendarRoute(app: FastifyInstance, deps: CalendarRouteDeps): void {
  const { readCalendar, clientAddress, logger, readsAMinute, clock } = deps;
  const take = createBudgets(readsAMinute ?? READS_A_MINUTE, clock ?? (() => performance.now()));

  app.get<{ Params: { file: string } }>('/calendar/:file', async (request, reply) => {
    const startedAt = performance.now();
    const address = clientAddress(request.raw);
    const refuse = (error: PurserError) => {
      const { status } = ERROR_REFERENCE[error.code];
      if (error.code === 'RATE_LIMITED') reply.header('retry-after', String(error.details.retryAfter));
      return reply
        .code(status)
        .type(JSON_TYPE)
        .send(errorBody(publicErrorOf(error)));
    };
    const retryAfter = take(networkOf(address ?? 'unknown'));
    if (retryAfter > 0) return refuse(rateLimited('Too many calendars were read from your network. Wait.', retryAfter));

    const capability = FILE.exec(request.params.file)?.groups?.capability;
    if (capability === undefined) return reply.callNotFound();
    let calendar: Awaited<ReturnType<Application['readCalendar']>>;
    try {
      calendar = await readCalendar(new Secret(capability));
    } catch (error) {
      if (error instanceof PurserError) return refuse(error);
      throw error;
    }
    if (calendar === undefined) return reply.callNotFound();

    const { feedId, projectId, text } = calendar;
    const tag = `"${createHash('sha256').update(text).digest('base64url')}"`;
    const known = isNamed(tag, request.headers['if-none-match']);
    const durationMs = Math.round(performance.now() - startedAt);
    const line = { requestId: request.id, path: SHOWN_PATH, feedId, project: projectId, address, durationMs };
    logger.info({ ...line, status: known ? 304 : 200 }, 'calendar');
    reply.headers({
      etag: tag,
      'cache-control': `private, max-age=${MAX_AGE_SECONDS}`,
      'x-robots-tag': 'noindex',
    });
    return known ? reply.code(304).send() : reply.type('text/calendar; charset=utf-8').send(text);
  });
}

/** RFC 9110, section 13.1.2: whether the client has this version. */
function isNamed(tag: string, ifNoneMatch: string | undefined): boolean {
  const named = (ifNoneMatch ?? '').split(',').map((each) => each.trim().replace(/^W\//, ''));
  return named.includes(tag) || named[0] === '*';
}

/** Takes one of a network's reads. Returns the seconds until there is one, 0 if there was one. */
function createBudgets(aMinute: number, clock: () => number): (network: string) => number {
  const budgets = new LRUCache<string, { left: number; at: number }>({ max: REMEMBERED_NETWORKS });
  return (network) => {
    const now = clock();
    const known = budgets.get(network) ?? { left: aMinute, at: now };
    const left = Math.min(aMinute, known.left + ((now - known.at) / 60_000) * aMinute);
    const taken = left >= 1;
    budgets.set(network, { left: taken ? left - 1 : left, at: now });
    return taken ? 0 : ((1 - left) / aMinute) * 60;
  };
}
