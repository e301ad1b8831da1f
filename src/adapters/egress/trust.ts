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

/** List and version are explicit, so that neither NODE_EXTRA_CA_CERTS nor NODE_OPTIONS changes them. */
function trusting(ca: string[]): SecureContext {
  return createSecureContext({ ca, minVersion: 'TLSv1.2' });
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
