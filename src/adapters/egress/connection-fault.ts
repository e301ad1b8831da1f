import { EgressFailed, type EgressFault, type TlsFaultReason } from '../../application/ports/egress.ts';
import { errorCode } from '../../domain/error-code.ts';

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
  ['INVALID_PURPOSE', 'WRONG_USE'],
  ['INVALID_CA', 'NOT_AN_AUTHORITY'],
  ['PATH_LENGTH_EXCEEDED', 'NOT_AN_AUTHORITY'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'OLD_VERSION'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'OLD_VERSION'],
  // Purser sends no certificate, so these can only mean that there is none.
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'CLIENT_CERTIFICATE_DEMANDED'],
  ['ERR_SSL_SSLV3_ALERT_NO_CERTIFICATE', 'CLIENT_CERTIFICATE_DEMANDED'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'CLIENT_CERTIFICATE_DEMANDED'],
  ['ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE', 'CLIENT_CERTIFICATE_DEMANDED'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'CLIENT_CERTIFICATE_DEMANDED'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'CLIENT_CERTIFICATE_DEMANDED'],
  // OpenSSL reports an answer in plain text with these.
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'NOT_TLS'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'NOT_TLS'],
  ['ERR_SSL_HTTP_REQUEST', 'NOT_TLS'],
  ['ERR_SSL_UNEXPECTED_MESSAGE', 'NOT_TLS'],
]);

/** Node has no code for these: they come as UNSPECIFIED, with OpenSSL's text. */
const TLS_TEXTS: readonly (readonly [RegExp, TlsFaultReason])[] = [
  [/^CA signature digest algorithm too weak/, 'WEAK_SIGNATURE'],
  [/^(?:EE|CA) certificate key too weak/, 'UNSUITABLE_KEY'],
  [/^key usage does not include certificate signing/, 'NOT_AN_AUTHORITY'],
  [/^(?:permitted|excluded) subtree violation/, 'NAME_NOT_PERMITTED'],
];

/** Codes if the other side or the network ended the connection: ECONNRESET, EPIPE, or no code at all. */
const NETWORK = /^(?:E[A-Z]+)?$/;

/**
 * Why TLS could not be established on an open connection.
 * @param sawCertificate whether the server had sent its certificate
 */
export function tlsFault(error: unknown, sawCertificate: boolean): EgressFault {
  if (error instanceof EgressFailed) return error.fault;
  const code = codeOf(error);
  // After its certificate, the server can only dislike the client's. Before it, nothing was agreed on.
  if (code === 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE') {
    return { kind: 'TLS_INVALID', reason: sawCertificate ? 'CLIENT_CERTIFICATE_DEMANDED' : 'NO_COMMON_CIPHER' };
  }
  const reason = TLS_REASONS.get(code) ?? reasonInText(error);
  if (reason !== undefined) return { kind: 'TLS_INVALID', reason };
  return NETWORK.test(code) && code !== 'EPROTO' ? { kind: 'UNREACHABLE' } : { kind: 'TLS_INVALID', reason: 'OTHER' };
}

/**
 * The alert with which the server ended TLS after the handshake; undefined for any other error. In TLS 1.3 it does so if it
 * demands a client certificate.
 */
export function alertFault(error: unknown): EgressFault | undefined {
  const code = codeOf(error);
  return code.startsWith('ERR_SSL_') ? { kind: 'TLS_INVALID', reason: TLS_REASONS.get(code) ?? 'OTHER' } : undefined;
}

/** Why a request on an established connection failed. */
export function requestFault(error: unknown): EgressFault {
  const code = codeOf(error);
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

function reasonInText(error: unknown): TlsFaultReason | undefined {
  const text = error instanceof Error ? error.message : '';
  return TLS_TEXTS.find(([pattern]) => pattern.test(text))?.[1];
}

function codeOf(error: unknown): string {
  return errorCode(error) ?? '';
}
