import { createPrivateKey, type KeyObject } from 'node:crypto';

export const MIN_RSA_BITS = 2048;
/** The time of a signature grows with the cube of the key's size: a key of 16,384 bits takes seconds for each. */
export const MAX_RSA_BITS = 4096;
/** In characters. A key of 4,096 bits has 3,300. */
const MAX_PEM_LENGTH = 8192;
/** OpenSSL's own limit for moduli of more than 3,072 bits. */
const MAX_PUBLIC_EXPONENT = 2n ** 64n;

/** False if a signature by this key could take long to verify. The time grows with the modulus and with the exponent. */
export function verifiesQuickly({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType !== 'rsa' && asymmetricKeyType !== 'rsa-pss') return true;
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  return modulusLength <= MAX_RSA_BITS && isExponent(publicExponent);
}

function isExponent(e: bigint): boolean {
  return e >= 3n && e <= MAX_PUBLIC_EXPONENT && e % 2n === 1n;
}

/** Either the key, or what is wrong with the text, as the end of a sentence. Nothing in it repeats the text. */
export type ReadRsaPrivateKey = { readonly key: KeyObject } | { readonly fault: string };

const NOT_A_KEY = { fault: 'is not an RSA private key in PEM without a passphrase' };

/** Reads one private key in PKCS #1 or PKCS #8 that signs in a short time, even if it was made to take long. */
export function readRsaPrivateKey(pem: string): ReadRsaPrivateKey {
  if (pem.length > MAX_PEM_LENGTH) return { fault: `is longer than a key of ${MAX_RSA_BITS} bits` };
  const key = parsed(pem);
  if (key === undefined) return NOT_A_KEY;
  const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (modulusLength > MAX_RSA_BITS) return { fault: `has ${modulusLength} bits: at most ${MAX_RSA_BITS} are accepted` };
  if (modulusLength < MIN_RSA_BITS)
    return { fault: `has ${modulusLength} bits: at least ${MIN_RSA_BITS} are required` };
  return isConsistent(key) ? { key } : { fault: 'is damaged: its numbers do not belong together' };
}

function parsed(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'rsa' ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * RFC 8017, section 3.2. OpenSSL computes with whatever numbers a key holds: factors that are larger than the modulus
 * would take as long as a larger key, and values that do not fit let it compute everything twice.
 */
function isConsistent(key: KeyObject): boolean {
  const jwk = key.export({ format: 'jwk' });
  const number = (name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi') =>
    BigInt(`0x0${Buffer.from(jwk[name] ?? '', 'base64url').toString('hex')}`);
  const [n, e, d, p, q] = [number('n'), number('e'), number('d'), number('p'), number('q')];
  if (p < 3n || q < 3n || p * q !== n || d >= n) return false;
  if (!isExponent(e)) return false;
  if ((e * d) % (p - 1n) !== 1n || (e * d) % (q - 1n) !== 1n) return false;
  const qi = number('qi');
  return number('dp') === d % (p - 1n) && number('dq') === d % (q - 1n) && qi < p && (qi * q) % p === 1n;
}
