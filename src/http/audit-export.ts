import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { BeginAuditExport, BegunExport } from '../application/audit/begin-audit-export.ts';
import { AuthenticationFailed, type Authenticator } from '../application/ports/authenticator.ts';
import type { RequestContext } from '../application/request-context.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../domain/audit-export.ts';
import { ERROR_REFERENCE } from '../domain/error-reference.ts';
import { badUserInput, type ErrorCode, PurserError } from '../domain/errors.ts';
import { type Instant, parseInstant } from '../domain/instant.ts';
import { isGranted, PERMISSIONS, type Principal } from '../domain/permissions.ts';
import { isReadableName } from '../domain/readable-name.ts';
import type { Services } from '../graphql/pipeline/context.ts';
import { protocolError, publicErrorOf } from '../graphql/pipeline/errors.ts';
import { JSON_TYPE } from './answer-type.ts';
import { authenticateRequest, challengeTo } from './authentication.ts';
import { userAgentOf } from './caller.ts';
import type { ClientAddress } from './client-address.ts';
import { errorBody } from './graphql-answer.ts';
import type { RefuseToken } from './refused-tokens.ts';

/** What the audit log calls it. */
export const EXPORT_ACTION = 'EXPORT_AUDIT_LOG';
/** A client that reads nothing for so long is given up. */
const STALLED_MS = 30_000;
const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  cef: 'text/plain; charset=utf-8',
};

export interface AuditExportOptions {
  readonly services: Services;
  readonly authenticator: Authenticator;
  readonly clientAddress: ClientAddress;
  readonly refuseToken: RefuseToken;
  readonly beginAuditExport: BeginAuditExport;
  readonly onFault: (error: unknown) => void;
  /** Default: 30,000. */
  readonly stalledMs?: number;
}

interface Asked {
  readonly project: string;
  readonly format: ExportFormat;
  readonly from: Instant | null;
  readonly to: Instant | null;
}

/** `GET /v1/audit/export?project=&format=&from=&to=`: the log as a stream, as fast as the client reads it. */
export function auditExportRoute(app: FastifyInstance, options: AuditExportOptions): void {
  const { services, authenticator, clientAddress, refuseToken, beginAuditExport, onFault } = options;

  app.get('/v1/audit/export', { exposeHeadRoute: false }, async ({ id, raw, headers, query }, reply) => {
    const ipAddress = clientAddress(raw);
    try {
      const principal = await authenticateRequest(raw, authenticator);
      const userAgent = userAgentOf(headers['user-agent']);
      const context = { principal, ipAddress, userAgent, requestId: id, startedAt: performance.now() };
      const { project, format, from, to } = await admitted(context, query as Readonly<Record<string, unknown>>);
      const begun = await beginAuditExport(context, { projectId: project, from, to }, format);
      const stream = await streamOf(begun, principal);
      const name = `audit-log.${format === 'cef' ? 'txt' : format}`;
      reply.type(CONTENT_TYPES[format]).header('content-disposition', `attachment; filename="${name}"`);
      return await reply.send(stream);
    } catch (error) {
      if (error instanceof AuthenticationFailed) {
        refuseToken(error, ipAddress);
        reply.header('www-authenticate', challengeTo(error));
        return refuse(reply, 401, errorBody(protocolError('UNAUTHENTICATED')));
      }
      if (!(error instanceof PurserError)) throw error;
      const refusal = publicErrorOf(error);
      const { retryAfter } = refusal.extensions;
      if (typeof retryAfter === 'number') reply.header('retry-after', String(retryAfter));
      return refuse(reply, ERROR_REFERENCE[error.code satisfies ErrorCode].status, errorBody(refusal));
    }
  });

  /** The permission comes before everything else that is asked for. */
  async function admitted(context: RequestContext, query: Readonly<Record<string, unknown>>): Promise<Asked> {
    const { project } = query;
    if (typeof project !== 'string' || !isReadableName(project)) {
      throw badUserInput('project', '`project` must be the id of a project.');
    }
    const attempt = { projectId: project, action: EXPORT_ACTION };
    if (!isGranted(context.principal, project, PERMISSIONS.auditRead)) {
      await services.application.recordDenied(context, attempt);
      throw new PurserError('FORBIDDEN', 'You do not have the permission for this in this project.');
    }
    try {
      return { project, format: formatOf(query.format), ...limitsOf(query) };
    } catch (error) {
      await services.application.recordFailed(context, attempt, 'BAD_USER_INPUT');
      throw error;
    }
  }

  /** Its first page is read before the answer begins, so that a fault can still be told. */
  async function streamOf({ pages, end }: BegunExport, principal: Principal): Promise<Readable> {
    try {
      const first = await pages.next();
      const stream: Readable = Readable.from(
        whileRead(first, pages, principal, () => stream.destroy()),
        {
          objectMode: true,
          highWaterMark: 1,
        },
      );
      stream.on('error', onFault);
      stream.once('close', () => void end().catch(onFault));
      return stream;
    } catch (error) {
      await end();
      throw error;
    }
  }

  /** Ends with the caller's token, and if the client does not read. */
  async function* whileRead(
    first: IteratorResult<string, void>,
    pages: AsyncGenerator<string, void, undefined>,
    { expiresAt }: Principal,
    giveUp: () => void,
  ): AsyncGenerator<string, void, undefined> {
    const { stalledMs = STALLED_MS } = options;
    for (let page = first; !page.done; page = await pages.next()) {
      if (services.now() >= expiresAt) throw new AuthenticationFailed('expired');
      const stalled = setTimeout(giveUp, stalledMs);
      try {
        yield page.value;
      } finally {
        clearTimeout(stalled);
      }
    }
  }
}

function refuse(reply: FastifyReply, status: number, body: string): FastifyReply {
  return reply.code(status).type(JSON_TYPE).send(body);
}

function formatOf(entered: unknown): ExportFormat {
  const format = EXPORT_FORMATS.find((known) => known === (entered ?? 'ndjson'));
  if (format === undefined) throw badUserInput('format', `\`format\` must be one of ${EXPORT_FORMATS.join(', ')}.`);
  return format;
}

function limitsOf(query: Readonly<Record<string, unknown>>): Pick<Asked, 'from' | 'to'> {
  const from = instantOf('from', query);
  const to = instantOf('to', query);
  if (from !== null && to !== null && to < from) throw badUserInput('to', '`to` must not be before `from`.');
  return { from, to };
}

function instantOf(field: 'from' | 'to', query: Readonly<Record<string, unknown>>): Instant | null {
  const entered = query[field];
  if (entered === undefined) return null;
  const instant = typeof entered === 'string' ? parseInstant(entered) : undefined;
  if (instant !== undefined) return instant;
  throw badUserInput(field, `\`${field}\` must be a date and time with a time zone, such as 2026-03-01T00:00:00Z.`);
}
