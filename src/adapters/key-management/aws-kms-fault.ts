import { type KeyAction, KeyServiceFailed } from './key-service.ts';

const PERMISSION = { wrap: 'kms:Encrypt', unwrap: 'kms:Decrypt' } as const;
const INVALID = new Set(['InvalidCiphertextException', 'IncorrectKeyException']);
const THROTTLED = /^(?:Throttling|TooManyRequests|LimitExceeded|RequestLimitExceeded)/;
const LOGIN_ENDED = new Set(['ExpiredTokenException', 'ExpiredToken']);
const LOGIN_REFUSED =
  /^(?:UnrecognizedClient|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|IncompleteSignature|MissingAuthenticationToken|InvalidAccessKeyId|NotAuthorized)/;

/** What an answer of AWS KMS means. */
export function kmsFault(error: unknown, action: KeyAction): KeyServiceFailed | 'invalid' | 'login-ended' {
  const name = error instanceof Error ? error.name : '';
  const status = statusOf(error);
  const refused = (message: string) => new KeyServiceFailed('refused', message, undefined, { cause: error });
  if (action === 'unwrap' && INVALID.has(name)) return 'invalid';
  if (LOGIN_ENDED.has(name)) return 'login-ended';
  if (THROTTLED.test(name) || status === 429) return new KeyServiceFailed('throttled', 'was asked too often');
  if (/^AccessDenied/.test(name)) {
    return refused(
      `may not be used: the policies of the key and of the credentials in KEY_MANAGEMENT must allow ${PERMISSION[action]}`,
    );
  }
  if (name === 'NotFoundException') return refused('is not there: there is no such key in that account and region');
  if (name === 'DisabledException') return refused('is disabled: enable it');
  if (name === 'KMSInvalidStateException') return refused('is disabled or about to be deleted: cancel that');
  if (name === 'InvalidKeyUsageException') return refused('is not for this: give a symmetric key for encryption');
  if (LOGIN_REFUSED.test(name)) {
    const isOfTime = error instanceof Error && /Signature (?:expired|not yet current)/.test(error.message);
    return refused(
      isOfTime
        ? `cannot be used: this machine's clock is wrong`
        : 'cannot be used: the credentials of KEY_MANAGEMENT are refused',
    );
  }
  const how = status === undefined ? 'has sent an answer that cannot be read' : `was answered with status ${status}`;
  return new KeyServiceFailed('outage', how, undefined, { cause: error });
}

/** Of the answer, as the SDK notes it at its errors. */
function statusOf(error: unknown): number | undefined {
  const metadata = error instanceof Error && '$metadata' in error ? Object(error.$metadata) : {};
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
