/** The codes of the public contract, in `extensions.code` of every GraphQL error. No others leave the service. */
export const ERROR_CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'REGISTRY_ALREADY_EXISTS',
  'REVISION_CONFLICT',
  'REGISTRY_IN_USE',
  'IDEMPOTENCY_KEY_REUSED',
  'VERIFICATION_FAILED',
  'CREDENTIAL_UNAVAILABLE',
  'TARGET_NOT_ALLOWED',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export interface ErrorDetails {
  /** The input field at fault, for `BAD_USER_INPUT`. */
  readonly field?: string;
  /** The probe's outcome, for `VERIFICATION_FAILED`. */
  readonly outcome?: string;
}

/** An error whose code and message are meant for the caller. The message never holds a value of a secret field. */
export class PurserError extends Error {
  override readonly name: string = 'PurserError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function badUserInput(field: string, message: string): PurserError {
  return new PurserError('BAD_USER_INPUT', message, { field });
}

/** Another project's object and one that never existed read the same, byte for byte. */
export function notFound(what: 'registry' | 'lease'): PurserError {
  return new PurserError('NOT_FOUND', `There is no such ${what} in this project.`);
}

export function unavailable(message: string, cause?: unknown): PurserError {
  return new PurserError('UNAVAILABLE', message, {}, cause === undefined ? undefined : { cause });
}
