import type { EgressFault, TlsFaultReason } from '../../application/ports/egress.ts';

/** Codes of OpenSSL's verification and of Node. Other codes that begin with ERR_SSL or ERR_TLS are `OTHER`. */
const TLS_REASONS: ReadonlyMap<string, TlsFaultReason> = new Map([
  ['UNABLE_TO_GET_ISSUER_CERT', 'UNKNOWN_AUTHORITY'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNKNOWN_AUTHORITY'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNKNOWN_AUTHORITY'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'UNKNOWN_AUTHORITY'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'UNKNOWN_AUTHORITY'],
  ['CERT_UNTRUSTED', 'UNKNOWN_AUTHORITY'],
  ['CERT_HAS_EXPIRED', 'EXPIRED'],
  ['CERT_NOT_YET_VALID', 'EXPIRED'],
  ['HOSTNAME_MISMATCH', 'WRONG_HOST'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'WRONG_HOST'],
  // OpenSSL reports an answer in plain text with these.
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'NOT_TLS'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'NOT_TLS'],
  ['ERR_SSL_HTTP_REQUEST', 'NOT_TLS'],
  ['ERR_SSL_UNEXPECTED_MESSAGE', 'NOT_TLS'],
]);

/** Codes if the other side or the network ended the connection: ECONNRESET, EPIPE, or no code at all. */
const NETWORK = /^(?:E[A-Z]+)?$/;

/** Why TLS could not be established on an open connection. */
export function tlsFault(error: unknown): EgressFault {
  const code = codeOf(error);
  const reason = TLS_REASONS.get(code);
  if (reason !== undefined) return { kind: 'TLS_INVALID', reason };
  return NETWORK.test(code) && code !== 'EPROTO' ? { kind: 'UNREACHABLE' } : { kind: 'TLS_INVALID', reason: 'OTHER' };
}

/** Why a request on an established connection failed. */
export function requestFault(error: unknown): EgressFault {
  const code = codeOf(error);
  // In TLS 1.3 the server may reject the client, for a missing client certificate for instance, after the client's request.
  if (code.startsWith('ERR_SSL_')) return { kind: 'TLS_INVALID', reason: 'OTHER' };
  switch (code) {
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return { kind: 'INVALID_REQUEST' };
    case 'UND_ERR_HEADERS_OVERFLOW':
      return { kind: 'TOO_LARGE' };
    default:
      return { kind: 'MALFORMED_ANSWER' };
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
