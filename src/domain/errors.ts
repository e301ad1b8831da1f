import type { Instant } from './instant.ts';
import type { ProbeOutcome, ProbeVerdicts } from './probe-outcome.ts';

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
  'CURSOR_NOT_RESUMABLE',
  'RATE_LIMITED',
  'UNAVAILABLE',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** What one of two tests found that were made at the same moment. */
export interface ComparedTest extends Pick<ProbeVerdicts, 'login' | 'pull' | 'push' | 'repository'> {
  readonly outcome: ProbeOutcome;
  readonly advice: string | null;
}

/** An active lease, as far as it tells who is using a registry until when. */
export interface LeaseInUse {
  readonly id: string;
  readonly pipeline: string;
  readonly runId: string | null;
  readonly expiresAt: Instant;
}

interface Details {
  readonly BAD_USER_INPUT: { readonly field: string };
  readonly REGISTRY_ALREADY_EXISTS: { readonly field: 'url' };
  readonly REVISION_CONFLICT: { readonly field?: 'expectedRevision' };
  readonly REGISTRY_IN_USE: { readonly activeLeases: number; readonly leases: readonly LeaseInUse[] };
  readonly IDEMPOTENCY_KEY_REUSED: { readonly field: 'idempotencyKey' };
  /** `staged` and `active` if two versions were compared; `active` is null if its secret is missing. */
  readonly VERIFICATION_FAILED: {
    readonly outcome: ProbeOutcome;
    readonly staged?: ComparedTest;
    readonly active?: ComparedTest | null;
  };
  readonly CURSOR_NOT_RESUMABLE: { readonly field: 'after' | 'Last-Event-ID' };
  /** `retryAfter` in seconds, at least 1; `cursor` of the last event that a subscription was sent before it was ended. */
  readonly RATE_LIMITED: { readonly retryAfter: number; readonly cursor?: string };
  readonly INTERNAL: { readonly requestId?: string };
}

/** What `extensions` holds beside the code; `NoDetails` if it holds only the code. */
export type ErrorDetails<Code extends ErrorCode> = Code extends keyof Details ? Details[Code] : NoDetails;
type NoDetails = Readonly<Record<string, never>>;

/** Details may be left out only if the code needs none. */
type DetailsAndOptions<Code extends ErrorCode> =
  Record<never, never> extends ErrorDetails<Code>
    ? [details?: ErrorDetails<Code>, options?: ErrorOptions]
    : [details: ErrorDetails<Code>, options?: ErrorOptions];

class CodedError<Code extends ErrorCode> extends Error {
  override readonly name: string = 'PurserError';
  readonly details: ErrorDetails<Code>;

  constructor(
    readonly code: Code,
    message: string,
    details?: ErrorDetails<Code>,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.details = details ?? ({} as ErrorDetails<Code>);
  }
}

/**
 * An error whose code and message are meant for the caller. The message never holds a value of a secret field. It is a
 * union over the codes, so `switch (error.code)` narrows `error.details`.
 */
export type PurserError = { readonly [Code in ErrorCode]: CodedError<Code> }[ErrorCode];

interface PurserErrorClass {
  new <Code extends ErrorCode>(code: Code, message: string, ...rest: DetailsAndOptions<Code>): CodedError<Code>;
  /** What `instanceof` narrows to. */
  readonly prototype: PurserError;
}
export const PurserError: PurserErrorClass = CodedError;

/**
 * The event log cannot be reached or gave no answer: the append may or may not have happened. Retry with the same ids.
 * The message is meant for the caller.
 */
export class EventLogUnavailable extends CodedError<'UNAVAILABLE'> {
  override readonly name = 'EventLogUnavailable';

  /** @param reason a sentence, without what the caller may do */
  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super('UNAVAILABLE', `${reason} Repeating the request with the same idempotencyKey is safe.`, {}, options);
  }
}

export function badUserInput(field: string, message: string): CodedError<'BAD_USER_INPUT'> {
  return new CodedError('BAD_USER_INPUT', message, { field });
}

/** Another project's object and one that never existed give the same message, byte for byte. */
export function notFound(
  what: 'registry' | 'lease' | 'staged credential' | 'delivery' | 'calendar feed' | 'trust rule',
): CodedError<'NOT_FOUND'> {
  return new CodedError('NOT_FOUND', `There is no such ${what} in this project.`);
}

/** The same error for one element of a list: message and field say which. */
export function atPlace<Code extends ErrorCode>(place: string, error: CodedError<Code>): CodedError<Code> {
  const { code, message, details } = error;
  const placed = 'field' in details ? { ...details, field: `${place}.${details.field}` } : details;
  return new CodedError(code, `${place}: ${message}`, placed, { cause: error });
}

export function unavailable(message: string, cause?: unknown): CodedError<'UNAVAILABLE'> {
  return new CodedError('UNAVAILABLE', message, {}, cause === undefined ? undefined : { cause });
}

/** @param retryAfter in seconds */
export function rateLimited(message: string, retryAfter: number): CodedError<'RATE_LIMITED'> {
  return new CodedError('RATE_LIMITED', message, { retryAfter: Math.max(1, Math.ceil(retryAfter)) });
}

/** Ends a subscription whose client does not keep up. @param cursor of the last event that it was sent, if there was one */
export function readTooSlowly(cursor: string | undefined): CodedError<'RATE_LIMITED'> {
  const message = 'The client did not read its events in time. Subscribe again, and go on from the last cursor.';
  return new CodedError('RATE_LIMITED', message, { retryAfter: 1, ...(cursor === undefined ? {} : { cursor }) });
}

/** What came after the cursor was removed. @param field where the client gave the cursor */
export function cursorTooOld(field: 'after' | 'Last-Event-ID'): CodedError<'CURSOR_NOT_RESUMABLE'> {
  const message = `The cursor in \`${field}\` is older than what this service keeps. Read the list again, and go on from its \`latestCursor\`.`;
  return new CodedError('CURSOR_NOT_RESUMABLE', message, { field });
}

/**
 * An error whose message tells an operator what is wrong and what to do. Programs print the message without a stack. It
 * names the setting, the path or the host, and never holds a secret.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';
}
