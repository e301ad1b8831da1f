import { createPublicKey, randomBytes } from 'node:crypto';

/** What a hostile key says instead. */
export interface CraftedRsaKey {
  readonly modulusBits: number;
  readonly publicExponent?: bigint;
  /** In bits: the factors and the values made of them. Default: half of the modulus. */
  readonly factorBits?: number;
  /** Not 0: a key with more than two prime factors. */
  readonly version?: bigint;
}

/**
 * A private key in PKCS #1 that parsers accept and that belongs to nobody: its factors are no primes, and nothing in it
 * fits. Made in milliseconds, of any size.
 */
export function craftedRsaKey({
  modulusBits,
  publicExponent = 65_537n,
  factorBits = modulusBits / 2,
  version = 0n,
}: CraftedRsaKey): string {
  const [privateExponent, p, q, dp, dq, qi] = [
    odd(modulusBits - 8),
    odd(factorBits),
    odd(factorBits),
    odd(factorBits - 8),
    odd(factorBits - 8),
    odd(factorBits - 8),
  ] as const;
  const modulus = factorBits * 2 === modulusBits ? p * q : odd(modulusBits);
  return pkcs1([version, modulus, publicExponent, privateExponent, p, q, dp, dq, qi]);
}

/** @param numbers version, modulus, exponents, factors and what is computed from them, in the order of RFC 8017, A.1.2 */
export function pkcs1(numbers: readonly bigint[]): string {
  const base64 = element(0x30, Buffer.concat(numbers.map(integer))).toString('base64');
  return pem('RSA PRIVATE KEY', base64);
}

/** A certificate, in PEM, of the key that belongs to this private key. Its signature means nothing. */
export function craftedCertificate(privateKey: string): string {
  const name = element(0x30, Buffer.alloc(0));
  const algorithm = element(0x30, Buffer.from('06082a8648ce3d040302', 'hex')); // ECDSA with SHA-256
  const day = (text: string) => element(0x17, Buffer.from(text));
  const validity = element(0x30, Buffer.concat([day('260101000000Z'), day('460101000000Z')]));
  const key = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const content = element(0x30, Buffer.concat([integer(1n), algorithm, name, validity, name, key]));
  const signature = element(0x03, Buffer.from([0, 1]));
  const base64 = element(0x30, Buffer.concat([content, algorithm, signature])).toString('base64');
  return pem('CERTIFICATE', base64);
}

/** A random odd number of exactly so many bits, with the two highest set: products of two have all their bits. */
function odd(bits: number): bigint {
  const bytes = randomBytes(Math.ceil(bits / 8));
  const number = BigInt.asUintN(bits, BigInt(`0x${bytes.toString('hex')}`));
  return number | (3n << BigInt(bits - 2)) | 1n;
}

function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return element(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** In DER. */
function element(tag: number, content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const hex = content.length.toString(16);
  const length = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]);
}

function pem(label: string, base64: string): string {
  return [`-----BEGIN ${label}-----`, ...(base64.match(/.{1,64}/g) ?? []), `-----END ${label}-----`, ''].join('\n');
}
