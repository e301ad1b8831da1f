import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Application } from '../application/create-application.ts';
import { PurserError, rateLimited } from '../domain/errors.ts';
import { networkOf } from '../domain/network.ts';
import { Secret } from '../domain/secret.ts';
import { createBudgets } from './budgets.ts';
import type { ClientAddress } from './client-address.ts';
import { isNamed } from './entity-tag.ts';
import { sendError } from './graphql-answer.ts';

const FILE = /^(?<capability>[A-Za-z0-9_-]{43})\.ics$/;
/** In place of the path, which holds the capability, wherever something is written. */
const SHOWN_PATH = '/calendar/…';
/** Calendar programs ask once an hour or less often; many may share an address. */
const READS_A_MINUTE = 120;
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
    const retryAfter = take(networkOf(address ?? 'unknown'));
    if (retryAfter > 0)
      return sendError(reply, rateLimited('Too many calendars were read from your network. Wait.', retryAfter));

    const capability = FILE.exec(request.params.file)?.groups?.capability;
    if (capability === undefined) return reply.callNotFound();
    let calendar: Awaited<ReturnType<Application['readCalendar']>>;
    try {
      calendar = await readCalendar(new Secret(capability));
    } catch (error) {
      if (error instanceof PurserError) return sendError(reply, error);
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
