import { X509Certificate } from 'node:crypto';
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls';
import { EgressFailed, type TlsFaultReason } from '../../application/ports/egress.ts';

/**
 * What container clients refuse in a certificate and Node does not. They are written in Go, whose `crypto/tls` and
 * `crypto/x509` are stricter: a test that only Node passes would promise what no client can do.
 */

/** RFC 5280: for servers, and for any use. */
const SERVER_USES: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']);
const MAX_RSA_BITS = 8192;
const CURVES: ReadonlySet<string | undefined> = new Set(['secp224r1', 'prime256v1', 'secp384r1', 'secp521r1']);
/** The encoded identifiers of RSA with and without PSS, ECDSA, each with SHA-2 from 256 bits on, and Ed25519. */
const SIGNATURES: ReadonlySet<string> = new Set([
  '2a864886f70d01010a',
  '2a864886f70d01010b',
  '2a864886f70d01010c',
  '2a864886f70d01010d',
  '2a8648ce3d040302',
  '2a8648ce3d040303',
  '2a8648ce3d040304',
  '2b6570',
]);

/** For `tls.connect`. Node also accepts a name in the subject's CN, and a wildcard beside other characters. */
export function checkIdentity(host: string, isAddress: boolean) {
  return (name: string, peer: PeerCertificate): Error | undefined => {
    const certificate = new X509Certificate(peer.raw);
    if (!/\b(?:DNS|IP Address):/.test(certificate.subjectAltName ?? '')) return tlsInvalid('NO_SUBJECT_ALT_NAME');
    const isFor = isAddress
      ? certificate.checkIP(host)
      : certificate.checkHost(host, { subject: 'never', partialWildcards: false });
    return isFor === undefined ? tlsInvalid('WRONG_HOST') : checkServerIdentity(name, peer);
  };
}

/** Checks the verified certificate and those above it. @throws EgressFailed TLS_INVALID */
export function checkChain(socket: TLSSocket): void {
  const [own, ...above] = chainOf(socket);
  if (own === undefined) throw tlsInvalid('OTHER');
  if (own.keyUsage !== undefined && !own.keyUsage.some((use) => SERVER_USES.has(use))) throw tlsInvalid('WRONG_USE');
  if (!isUsableKey(own.publicKey)) throw tlsInvalid('UNSUITABLE_KEY');
  if (above.some(({ publicKey }) => bitsOf(publicKey) > MAX_RSA_BITS)) throw tlsInvalid('UNSUITABLE_KEY');
  const root = above.at(-1);
  // A certificate that is trusted itself may have any signature.
  if (root === undefined) return;
  if (!SIGNATURES.has(signatureOf(own.raw))) throw tlsInvalid('WEAK_SIGNATURE');
  // Certificates of version 1 cannot say whether they are an authority's.
  if (!root.ca && isVersion3(root.raw)) throw tlsInvalid('NOT_AN_AUTHORITY');
}

/** The server's certificate first, the root last. */
function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: PeerCertificate | undefined = socket.getPeerCertificate(true);
  const seen = new Set<PeerCertificate>();
  while (next?.raw !== undefined && !seen.has(next)) {
    seen.add(next);
    chain.push(new X509Certificate(next.raw));
    next = 'issuerCertificate' in next ? (next.issuerCertificate as PeerCertificate) : undefined;
  }
  return chain;
}

function isUsableKey(key: X509Certificate['publicKey']): boolean {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return bitsOf(key) <= MAX_RSA_BITS;
    case 'ec':
      return CURVES.has(key.asymmetricKeyDetails?.namedCurve);
    default:
      return key.asymmetricKeyType === 'ed25519';
  }
}

function bitsOf({ asymmetricKeyDetails }: X509Certificate['publicKey']): number {
  return asymmetricKeyDetails?.modulusLength ?? 0;
}

/** `Certificate` is a sequence of the certificate proper, the signature's algorithm and the signature. */
function signatureOf(raw: Buffer): string {
  const proper = elementAt(raw, elementAt(raw, 0).content);
  const algorithm = elementAt(raw, proper.end);
  const identifier = elementAt(raw, algorithm.content);
  return raw.toString('hex', identifier.content, identifier.end);
}

/** The certificate proper begins with its version, and version 1 is left out. */
function isVersion3(raw: Buffer): boolean {
  return raw[elementAt(raw, elementAt(raw, 0).content).content] === 0xa0;
}

/** Where an element in DER has its content. OpenSSL has read the certificate, so it is well formed. */
function elementAt(raw: Buffer, offset: number): { readonly content: number; readonly end: number } {
  const first = raw[offset + 1] ?? 0;
  const bytes = first < 0x80 ? 0 : first & 0x7f;
  const content = offset + 2 + bytes;
  return { content, end: content + (bytes === 0 ? first : raw.readUIntBE(offset + 2, bytes)) };
}

function tlsInvalid(reason: TlsFaultReason): EgressFailed {
  return new EgressFailed({ kind: 'TLS_INVALID', reason });
}
