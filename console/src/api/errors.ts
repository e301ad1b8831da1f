/** One error of an answer, as the contract has it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** Of docs/errors.md, such as `BAD_USER_INPUT`. */
  readonly code: string;
  /** The input field or the variable at fault, if there is one. */
  readonly field?: string;
  readonly extensions: Readonly<Record<string, unknown>>;
  /** The `x-request-id` of the answer, which the log and the audit log have too. */
  readonly requestId?: string;

  constructor({ message, extensions, requestId }: ErrorParts) {
    super(message);
    this.extensions = extensions;
    this.code = textOf(extensions.code) ?? 'INTERNAL';
    const field = textOf(extensions.field);
    if (field !== undefined) this.field = field;
    const id = requestId ?? textOf(extensions.requestId);
    if (id !== undefined) this.requestId = id;
  }

  /** Seconds to wait before trying again; undefined unless the service named them. */
  get retryAfter(): number | undefined {
    const { retryAfter } = this.extensions;
    return typeof retryAfter === 'number' ? retryAfter : undefined;
  }
}

/** No answer came: the network or the service is away. What was sent may have been done. */
export class OfflineError extends Error {
  override readonly name = 'OfflineError';
}

/** The token is not accepted any more and could not be renewed. The session shows what to do. */
export class SignedOutError extends Error {
  override readonly name = 'SignedOutError';
}

interface ErrorParts {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly requestId?: string | undefined;
}

const PLAIN_FAILURE = 'Something in front of the service answered in its place';

/** The first error of a GraphQL answer; undefined if it has none. */
export function errorOf(body: unknown, requestId: string | undefined): ApiError | undefined {
  if (!isRecord(body) || !Array.isArray(body.errors) || body.errors.length === 0) return undefined;
  const [first]: unknown[] = body.errors;
  const { message, extensions } = isRecord(first) ? first : {};
  return new ApiError({
    message: textOf(message) ?? 'The service answered with an error that has no message.',
    extensions: isRecord(extensions) ? extensions : {},
    requestId,
  });
}

/** What an answer that is no GraphQL answer is taken for. */
export function errorOfStatus(status: number, requestId: string | undefined): ApiError {
  const isOutage = status >= 502 && status <= 504;
  return new ApiError({
    message: `${PLAIN_FAILURE} (HTTP ${status}).`,
    extensions: { code: isOutage ? 'UNAVAILABLE' : 'INTERNAL' },
    requestId,
  });
}

export function hasCode(error: unknown, ...codes: readonly string[]): error is ApiError {
  return error instanceof ApiError && codes.includes(error.code);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
