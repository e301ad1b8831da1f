import { X509Certificate } from 'node:crypto';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { EgressFailed } from '../../application/ports/egress.ts';

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Trusts Node's own list and the given certificates.
 * @throws EgressFailed TLS_INVALID (OWN_AUTHORITY_UNREADABLE)
 */
export type TrustSource = (caCertificate: string | null) => SecureContext;

export function createTrustSource(): TrustSource {
  let nodeAlone: SecureContext | undefined;
  return (caCertificate) => {
    if (caCertificate !== null) return trusting([...rootCertificates, ...certificatesIn(caCertificate)]);
    // Cached, because reading the list takes some milliseconds.
    nodeAlone ??= trusting([...rootCertificates]);
    return nodeAlone;
  };
}

/**
 * Those of Go's `crypto/tls`, which container clients use: with key exchanges for one connection only. At OpenSSL's level
 * 1, signatures by SHA-1 and RSA keys of less than 1024 bits are refused, as they are by Go.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA',
  '@SECLEVEL=1',
].join(':');

/** List, version and ciphers are explicit, so that neither NODE_EXTRA_CA_CERTS nor NODE_OPTIONS changes them. */
function trusting(ca: string[]): SecureContext {
  return createSecureContext({ ca, minVersion: 'TLSv1.2', ciphers: CIPHERS });
}

function certificatesIn(pem: string): readonly string[] {
  const certificates = pem.match(CERTIFICATES) ?? [];
  if (certificates.length === 0 || !certificates.every(isReadable)) {
    throw new EgressFailed({ kind: 'TLS_INVALID', reason: 'OWN_AUTHORITY_UNREADABLE' });
  }
  return certificates;
}

function isReadable(certificate: string): boolean {
  try {
    return new X509Certificate(certificate).raw.length > 0;
  } catch {
    return false;
  }
}
