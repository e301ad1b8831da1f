import { ERROR_REFERENCE } from '../domain/error-reference.ts';
import { ERROR_CODES, PurserError, unavailable } from '../domain/errors.ts';
import { PublicError, protocolError, publicErrorOf } from '../graphql/pipeline/errors.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';

interface AnswerBody {
  readonly data?: Readonly<Record<string, unknown>> | null | undefined;
  readonly errors?:
    | readonly { readonly path?: unknown; readonly extensions?: { readonly [name: string]: unknown } }[]
    | undefined;
}

const REQUEST_FAULTS: ReadonlySet<unknown> = new Set(
  ERROR_CODES.filter((code) => ERROR_REFERENCE[code].status === 400),
);

/**
 * 401 without a valid token; 400 if the request was wrong and nothing was answered or done; otherwise 200. With several
 * root fields, one may have done its work although the fault of another leaves no data.
 */
export function statusOf({ data, errors }: AnswerBody, { oneField }: { oneField: boolean }): 200 | 400 | 401 {
  if (errors === undefined || errors.length === 0) return 200;
  const codes = errors.map(({ extensions }) => extensions?.code);
  if (codes.includes('UNAUTHENTICATED')) return 401;
  const answered = data !== undefined && data !== null && Object.values(data).some((value) => value !== null);
  // Only errors of fields have a path.
  const ran = !oneField && errors.some(({ path }) => path !== undefined);
  return !answered && !ran && codes.every((code) => REQUEST_FAULTS.has(code)) ? 400 : 200;
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

export const UNAUTHENTICATED_BODY = errorBody(protocolError('UNAUTHENTICATED'));

/** For requests on connections that were open when the shutdown began. */
export function shuttingDown(): PublicError {
  return publicErrorOf(unavailable('The service is shutting down. Connect again.'));
}
