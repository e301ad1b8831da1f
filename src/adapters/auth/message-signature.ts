import { createHash, type KeyObject, verify } from 'node:crypto';
import { type InnerList, type Item, parseDictionary, serializeInnerList } from 'structured-headers';
import { AuthenticationFailed } from '../../application/ports/authenticator.ts';
import type { SignedRequest } from '../../application/ports/signed-requests.ts';

/** A signature of HTTP Message Signatures (RFC 9421) that covers the request's target and the digest of its body. */
export interface MessageSignature {
  /** Seconds since 1970. */
  readonly created: number;
  readonly signature: Buffer;
  /** The covered components and the parameters, in their one canonical form. */
  readonly input: InnerList;
}

/** The target has the query in it; the digest stands for the body. */
const COVERED = ['@request-target', 'content-digest'];
const ALGORITHM = 'ed25519';
const SIGNATURE_BYTES = 64;
const MAX_HEADER_LENGTH = 2048;
const DIGESTS = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

type Headers = SignedRequest['headers'];

/** Reads the signature with this label. Nothing is verified. @throws AuthenticationFailed */
export function messageSignature(headers: Headers, label: string): MessageSignature {
  const input = dictionary(headers, 'signature-input').get(label);
  const value = dictionary(headers, 'signature').get(label);
  if (input === undefined || value === undefined) throw new AuthenticationFailed('missing');
  const [members, parameters] = input;
  const signature = bytesOf(value);
  if (!Array.isArray(members) || signature?.length !== SIGNATURE_BYTES) throw new AuthenticationFailed('malformed');
  const created = parameters.get('created');
  if (typeof created !== 'number' || !Number.isInteger(created)) throw new AuthenticationFailed('malformed');
  if ((parameters.get('alg') ?? ALGORITHM) !== ALGORITHM) throw new AuthenticationFailed('wrong_algorithm');
  const covered = members.map(([name, { size }]) => (size === 0 ? name : undefined));
  // A component that is not covered could be changed on the way; one that is not known could mean anything.
  if (covered.length !== COVERED.length || !COVERED.every((name) => covered.includes(name))) {
    throw new AuthenticationFailed('wrong_header');
  }
  return { created, signature, input: [members, parameters] };
}

/** What was signed: RFC 9421, section 2.5. */
export function signatureBase({ input }: MessageSignature, { headers, target }: Omit<SignedRequest, 'body'>): Buffer {
  const values: Readonly<Record<string, string>> = {
    '@request-target': target,
    'content-digest': oneHeader(headers, 'content-digest'),
  };
  const [members] = input;
  const lines = members.map(([name]) => `"${String(name)}": ${values[String(name)]}`);
  return Buffer.from([...lines, `"@signature-params": ${serializeInnerList(input)}`].join('\n'));
}

export function isSignedBy(key: KeyObject, { signature }: MessageSignature, base: Buffer): boolean {
  return verify(null, base, key, signature);
}

/** Whether the body is the one whose digest `Content-Digest` (RFC 9530) has: all that are known, and at least one. */
export function hasItsDigest({ headers, body }: Pick<SignedRequest, 'headers' | 'body'>): boolean {
  const given = dictionary(headers, 'content-digest');
  const known = Object.entries(DIGESTS).filter(([name]) => given.has(name));
  return (
    known.length > 0 &&
    known.every(([name, algorithm]) => {
      const digest = bytesOf(given.get(name));
      return digest !== undefined && createHash(algorithm).update(body).digest().equals(digest);
    })
  );
}

function dictionary(headers: Headers, name: string) {
  const text = oneHeader(headers, name);
  try {
    return parseDictionary(text);
  } catch {
    throw new AuthenticationFailed('malformed');
  }
}

/** Node joins a header that was sent several times by commas, as the RFC does. */
function oneHeader(headers: Headers, name: string): string {
  const value = headers[name];
  if (value === undefined) throw new AuthenticationFailed('missing');
  if (typeof value !== 'string' || value.length > MAX_HEADER_LENGTH) throw new AuthenticationFailed('malformed');
  return value;
}

function bytesOf(item: Item | InnerList | undefined): Buffer | undefined {
  const value = item?.[0];
  return value instanceof ArrayBuffer ? Buffer.from(value) : undefined;
}
