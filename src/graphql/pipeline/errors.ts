import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { documentationOf, ERROR_REFERENCE } from '../../domain/error-reference.ts';
import { ERROR_CODES, type ErrorCode, PurserError } from '../../domain/errors.ts';

/** An error that may leave the service. Only this file makes them. */
export class PublicError extends GraphQLError {}

const CONSTANT_TEXTS = {
  UNAUTHENTICATED: 'A valid token is needed.',
  BAD_USER_INPUT: 'The request contains something that this service cannot use.',
  GRAPHQL_PARSE_FAILED: 'The document is not valid GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  INTERNAL: 'Something went wrong on our side. It was logged with the id of this request.',
} as const satisfies Partial<Record<ErrorCode, string>>;

const KNOWN_CODES: ReadonlySet<string> = new Set(ERROR_CODES);

/**
 * Replaces what GraphQL.js or Apollo Server says about a document, because their messages quote the document, the schema
 * and the values of variables. In development the document's author may see them, as `message`.
 */
export function protocolError(
  code: keyof typeof CONSTANT_TEXTS,
  {
    locations,
    field,
    message,
  }: { locations?: GraphQLFormattedError['locations']; field?: string | undefined; message?: string | undefined } = {},
): PublicError {
  return publicError(
    message ?? CONSTANT_TEXTS[code],
    { code, ...(field === undefined ? {} : { field }) },
    { locations },
  );
}

/** For resolvers, whose errors are masked like all others. */
export function unauthenticated(): PurserError {
  return new PurserError('UNAUTHENTICATED', CONSTANT_TEXTS.UNAUTHENTICATED);
}

/** For faults found before an operation runs, such as a bad page size. */
export function publicErrorOf(
  error: PurserError,
  where: { locations?: GraphQLFormattedError['locations'] } = {},
): PublicError {
  return publicError(error.message, extensionsOf(error), where);
}

/** Turns an error from a running operation into one for the client, and logs what the client may not see. */
export type ErrorMask = (error: unknown, requestId: string) => PublicError;

/**
 * Masks by allow list: a `PurserError` with a code of the contract keeps its message; everything else becomes INTERNAL
 * with a constant text.
 */
export function createErrorMask(logger: Pick<Logger, 'error'>): ErrorMask {
  return (error, requestId) => {
    if (error instanceof PublicError) return error;
    const path = error instanceof GraphQLError ? error.path : undefined;
    const cause = rootCause(error);
    if (cause instanceof PurserError && KNOWN_CODES.has(cause.code) && cause.code !== 'INTERNAL') {
      return publicError(cause.message, extensionsOf(cause), { path });
    }
    logger.error({ requestId, path, fault: faultForLog(cause) }, 'an operation failed unexpectedly');
    return publicError(CONSTANT_TEXTS.INTERNAL, { code: 'INTERNAL', requestId }, { path });
  };
}

function rootCause(error: unknown): unknown {
  let cause = error;
  // Resolvers' errors are wrapped, sometimes twice; the bound guards against a cycle.
  for (let depth = 0; depth < 8 && cause instanceof GraphQLError && cause.originalError; depth += 1) {
    cause = cause.originalError;
  }
  return cause;
}

export interface LoggedFault {
  readonly type: string;
  readonly code: string | undefined;
  /** Where it was thrown, without the message. */
  readonly frames: readonly string[];
  readonly cause: LoggedFault | undefined;
}

/**
 * An unexpected error in a form that is safe to log: without its message and properties, which often quote the input
 * (a database's "invalid input", a parser's "unexpected token").
 */
export function faultForLog(error: unknown, depth = 0): LoggedFault {
  if (!(error instanceof Error)) return { type: typeof error, code: undefined, frames: [], cause: undefined };
  return {
    type: error.name,
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    frames: error.stack?.match(/^ {4}at .+$/gm) ?? [],
    cause: error.cause === undefined || depth > 4 ? undefined : faultForLog(error.cause, depth + 1),
  };
}

/** Only the details that the contract allows for this code. */
function extensionsOf({ code, details }: PurserError): Extensions {
  const given = Object.entries(details).filter(
    ([name, value]) => Object.hasOwn(ERROR_REFERENCE[code].details, name) && value !== undefined,
  );
  return { code, ...Object.fromEntries(given) };
}

interface Extensions {
  readonly code: ErrorCode;
  readonly [detail: string]: unknown;
}

function publicError(
  message: string,
  details: Extensions,
  where: { path?: GraphQLError['path']; locations?: GraphQLFormattedError['locations'] } = {},
): PublicError {
  const extensions = { ...details, documentation: documentationOf(details.code) };
  const error = new PublicError(message, { extensions, ...(where.path === undefined ? {} : { path: where.path }) });
  if (where.locations !== undefined)
    Object.defineProperty(error, 'locations', { value: where.locations, enumerable: true });
  return error;
}

/**
 * Apollo Server's `formatError`, the last check before an answer. Errors of running operations are already masked; of
 * Apollo's own errors only the kind and the location in the document get through.
 */
export function formatApolloError(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  if (error instanceof PublicError) return error.toJSON();
  const { locations } = formatted;
  const where = locations === undefined ? {} : { locations };
  switch (formatted.extensions?.code) {
    case 'GRAPHQL_PARSE_FAILED':
      return protocolError('GRAPHQL_PARSE_FAILED', where).toJSON();
    case 'GRAPHQL_VALIDATION_FAILED':
      return protocolError('GRAPHQL_VALIDATION_FAILED', where).toJSON();
    case 'BAD_USER_INPUT':
    case 'BAD_REQUEST':
    case 'OPERATION_RESOLUTION_FAILURE':
      return protocolError('BAD_USER_INPUT').toJSON();
    default:
      return protocolError('INTERNAL').toJSON();
  }
}
