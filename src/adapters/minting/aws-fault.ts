import type { MintingFault } from '../../application/ports/password-minter.ts';
import { faultOfStatus } from './minting-fault.ts';

/** Error codes of Amazon's services. ECR answers in JSON, with `Exception` at the end of a code; STS in XML, without it. */
const FAULT_OF_CODE: ReadonlyMap<string, MintingFault> = new Map([
  ['UnrecognizedClient', 'CREDENTIAL_REFUSED'],
  ['InvalidClientTokenId', 'CREDENTIAL_REFUSED'],
  ['InvalidAccessKeyId', 'CREDENTIAL_REFUSED'],
  ['SignatureDoesNotMatch', 'CREDENTIAL_REFUSED'],
  ['InvalidSignature', 'CREDENTIAL_REFUSED'],
  ['IncompleteSignature', 'CREDENTIAL_REFUSED'],
  ['MissingAuthenticationToken', 'CREDENTIAL_REFUSED'],
  ['ExpiredToken', 'CREDENTIAL_REFUSED'],
  ['AccessDenied', 'NOT_PERMITTED'],
  ['NotAuthorized', 'NOT_PERMITTED'],
  ['OptInRequired', 'NOT_PERMITTED'],
  ['RegionDisabled', 'NOT_PERMITTED'],
  ['Throttling', 'THROTTLED'],
  ['ThrottledRequest', 'THROTTLED'],
  ['TooManyRequests', 'THROTTLED'],
  ['RequestLimitExceeded', 'THROTTLED'],
  ['ServiceUnavailable', 'UNREACHABLE'],
  ['InternalFailure', 'UNREACHABLE'],
  ['Server', 'UNREACHABLE'],
]);

/** Error codes of signatures, if it is the time in them that is refused. */
const OF_TIME = /^(?:InvalidSignature|SignatureDoesNotMatch|AuthFailure)$/;
const TIME_TEXT = /^Signature (?:expired|not yet current)/;
const TIME_CODES: ReadonlySet<string> = new Set(['RequestExpired', 'RequestTimeTooSkewed', 'RequestInTheFuture']);

/** Undefined if there was no answer, or the answer was not an error. `status` is that of the last answer. */
export function awsFault(error: unknown, status: number | undefined): MintingFault | undefined {
  const code = codeOf(error);
  const isOfTime = error instanceof Error && OF_TIME.test(code) && TIME_TEXT.test(error.message);
  if (isOfTime || TIME_CODES.has(code)) return 'CLOCK_SKEWED';
  const known = FAULT_OF_CODE.get(code);
  if (known !== undefined) return known;
  return status === undefined || status < 300 ? undefined : faultOfStatus(status);
}

/** What STS says of a federated login. No secret can be at fault. */
export function webIdentityFault(error: unknown, status: number | undefined): MintingFault | undefined {
  const code = codeOf(error);
  // A token that is made for the request has not expired by a right clock.
  if (code === 'ExpiredToken') return 'CLOCK_SKEWED';
  if (code === 'IDPCommunication' || (error instanceof Error && KEYS_TEXT.test(error.message)))
    return 'ISSUER_UNREACHABLE';
  if (['InvalidIdentityToken', 'IDPRejectedClaim', 'AccessDenied'].includes(code)) return 'TOKEN_REFUSED';
  return awsFault(error, status);
}
const KEYS_TEXT = /retrieve verification key/;

function codeOf(error: unknown): string {
  return error instanceof Error ? error.name.replace(/(?:Exception|Error)$/, '') : '';
}
