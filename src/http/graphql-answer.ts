import type { FastifyReply } from 'fastify';
import { ERROR_REFERENCE } from '../domain/error-reference.ts';
import { ERROR_CODES, type ErrorCode, PurserError, unavailable } from '../domain/errors.ts';
import { PublicError, publicErrorOf } from '../graphql/pipeline/errors.ts';
import { type AnswerType, GRAPHQL_TYPE, JSON_TYPE } from './answer-type.ts';
import type { RequestFault } from './request-fault.ts';

interface AnswerBody {
  readonly data?: Readonly<Record<string, unknown>> | null | undefined;
  readonly errors?: readonly { readonly extensions?: { readonly [name: string]: unknown } }[] | undefined;
}

/** GraphQL over HTTP: the operation ran, and the answer has errors beside its data. */
export const PARTIAL_SUCCESS = 294;
/** Node knows only the names of registered codes. */
const REASON_PHRASES: ReadonlyMap<number, string> = new Map([[PARTIAL_SUCCESS, 'Partial Success']]);

/** The status of an answer to an operation. */
export function statusOf({ data, errors }: AnswerBody, type: AnswerType): number {
  if (errors === undefined || errors.length === 0) return 200;
  const codes = errors.map(({ extensions }) => codeIn(extensions));
  const hasData = data !== undefined && data !== null;
  if (!hasData && codes.includes('UNAUTHENTICATED')) return 401;
  // Clients cannot tell other statuses of this type from a gateway's.
  if (type === JSON_TYPE) return 200;
  // `null` counts as data: the operation ran, and part of a mutation may have been done.
  if (data !== undefined) return PARTIAL_SUCCESS;
  return ERROR_REFERENCE[codes[0] ?? 'INTERNAL'].status;
}

function codeIn(extensions: { readonly [name: string]: unknown } | undefined): ErrorCode {
  return ERROR_CODES.find((code) => code === extensions?.code) ?? 'INTERNAL';
}

/** The release before the media type knew only 400 for requests that are not well-formed. */
function statusOfFault({ status, error }: RequestFault, type: AnswerType): number {
  if (type === GRAPHQL_TYPE || status !== 422) return status;
  // Clients of persisted queries send the document after this answer, and some only look at it after 200.
  return codeIn(error.extensions) === 'PERSISTED_QUERY_NOT_SUPPORTED' ? 200 : 400;
}

/** Sends an answer to an operation. `text` is the answer as JSON. */
export function sendAnswer(reply: FastifyReply, type: AnswerType, answer: AnswerBody, text: string): FastifyReply {
  const retryAfter = answer.errors?.[0]?.extensions?.retryAfter;
  if (typeof retryAfter === 'number') reply.header('retry-after', String(retryAfter));
  return send(reply, type, statusOf(answer, type), text);
}

export function sendFault(reply: FastifyReply, type: AnswerType, fault: RequestFault): FastifyReply {
  return send(reply.headers(fault.headers), type, statusOfFault(fault, type), errorBody(fault.error));
}

/** Answers a request that is no operation with an error alone. */
export function sendError(reply: FastifyReply, error: PurserError): FastifyReply {
  if (error.code === 'RATE_LIMITED') reply.header('retry-after', String(error.details.retryAfter));
  return reply
    .code(ERROR_REFERENCE[error.code].status)
    .type(JSON_TYPE)
    .send(errorBody(publicErrorOf(error)));
}

function send(reply: FastifyReply, type: AnswerType, status: number, body: string): FastifyReply {
  const phrase = REASON_PHRASES.get(status);
  if (phrase !== undefined) reply.raw.statusMessage = phrase;
  return reply.code(status).header('vary', 'Accept, Origin').type(type).send(body);
}

/** The code of an answer's first error. */
export function firstCode({ errors }: AnswerBody): string | undefined {
  const [first] = errors ?? [];
  return first && String(first.extensions?.code ?? 'INTERNAL');
}

/** The body of an answer that contains only this error. */
export function errorBody(error: PublicError): string {
  return JSON.stringify({ errors: [error.toJSON()] });
}

/** The public form of an error that the edge throws before an operation runs. */
export function edgeError(error: unknown): PublicError | undefined {
  if (error instanceof PublicError) return error;
  return error instanceof PurserError ? publicErrorOf(error) : undefined;
}

/** For requests on connections that were open when the shutdown began. */
export function shuttingDown(): PublicError {
  return publicErrorOf(unavailable('The service is shutting down. Connect again.'));
}
