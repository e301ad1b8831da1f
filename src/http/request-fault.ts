import { badUserInput } from '../domain/errors.ts';
import { type PublicError, protocolError, publicErrorOf } from '../graphql/pipeline/errors.ts';

export const MAX_BODY_BYTES = 256 * 1024;
/** Longer ones may not pass proxies either. */
export const MAX_URL_LENGTH = 8 * 1024;

type FaultStatus = 400 | 401 | 405 | 406 | 413 | 414 | 415 | 422 | 500;

/**
 * The request comes to no operation: it is no GraphQL request, or its token was refused. Everything else is an answer to
 * an operation, and `statusOf` says its status.
 */
export class RequestFault extends Error {
  override readonly name = 'RequestFault';

  constructor(
    readonly status: FaultStatus,
    readonly error: PublicError,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(error.message);
  }
}

export function requestFault(
  status: FaultStatus,
  field: string,
  message: string,
  headers?: Readonly<Record<string, string>>,
): RequestFault {
  return new RequestFault(status, publicErrorOf(badUserInput(field, message)), headers);
}

/** The fault that Fastify or a handler threw. */
export function requestFaultOf(error: unknown): RequestFault {
  if (error instanceof RequestFault) return error;
  switch (fastifyCode(error)) {
    case undefined:
      return new RequestFault(500, protocolError('INTERNAL'));
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return requestFault(413, 'body', `The body must have at most ${MAX_BODY_BYTES / 1024} KiB.`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return requestFault(415, 'Content-Type', 'Send the operation as application/json in UTF-8.');
    default:
      return requestFault(400, 'body', 'Send the operation as application/json in UTF-8.');
  }
}

/** Of an error about the body. */
function fastifyCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('FST_ERR_CTP_') ? code : undefined;
}
