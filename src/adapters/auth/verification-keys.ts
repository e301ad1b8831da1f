import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import * as z from 'zod';
import { MIN_RSA_BITS, verifiesQuickly } from '../../domain/rsa-keys.ts';
import type { SignatureAlgorithm } from './algorithms.ts';

/** A public key with the algorithms that it may be used for (RFC 8725, 3.1). */
export interface VerificationKey {
  readonly kid: string | undefined;
  /** The one that the key names; without a name, all that fit the key and are configured. */
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly publicKey: KeyObject;
  /** Equal for equal keys only. */
  readonly identity: string;
}

const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;

const jwk = z.looseObject({
  kty: z.string(),
  kid: z.string().optional(),
  alg: z.string().optional(),
  use: z.string().optional(),
  key_ops: z.array(z.string()).optional(),
});
type Jwk = z.infer<typeof jwk>;

/** RFC 7517, section 5. */
export const jwksSchema = z.looseObject({ keys: z.array(z.looseObject({})) });
export type Jwks = z.infer<typeof jwksSchema>;

/** Issuers publish a handful. Each costs time to read, and a set of 64 KiB could hold 20,000 empty ones. */
const MAX_KEYS = 100;

/** The keys of a set that may verify a signature. All other entries, and those after the hundredth, are ignored, as RFC 7517 asks. */
export function usableKeys(jwks: Jwks, allowed: readonly SignatureAlgorithm[]): VerificationKey[] {
  return jwks.keys.slice(0, MAX_KEYS).flatMap((entry) => {
    const parsed = jwk.safeParse(entry);
    const key = parsed.success ? verificationKey(parsed.data, allowed) : undefined;
    return key === undefined ? [] : [key];
  });
}

function verificationKey(entry: Jwk, allowed: readonly SignatureAlgorithm[]): VerificationKey | undefined {
  if (entry.use !== undefined && entry.use !== 'sig') return undefined;
  if (entry.key_ops !== undefined && !entry.key_ops.includes('verify')) return undefined;
  const publicKey = importPublicKey(entry);
  if (publicKey === undefined) return undefined;
  const algorithms = algorithmsOf(entry, publicKey, allowed);
  if (algorithms.length === 0) return undefined;
  const material = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return { kid: entry.kid, algorithms, publicKey, identity: JSON.stringify([entry.kid ?? null, algorithms, material]) };
}

/** In characters. A key of 4,096 bits has 683 of them; node:crypto takes a while to look at a number of 64 KiB. */
const MAX_MODULUS_LENGTH = 1024;
const MAX_EXPONENT_LENGTH = 16;

/** Copies public members only: private and symmetric keys never get past this point. */
function importPublicKey(entry: Jwk): KeyObject | undefined {
  const { kty, crv, x, y, n, e } = entry as JsonWebKey & Jwk;
  const members: Readonly<Record<string, JsonWebKey>> = {
    RSA: { kty, n: String(n), e: String(e) },
    EC: { kty, crv: String(crv), x: String(x), y: String(y) },
    OKP: { kty, crv: String(crv), x: String(x) },
  };
  const key = Object.hasOwn(members, kty) ? members[kty] : undefined;
  if (key === undefined) return undefined;
  if ((key.n?.length ?? 0) > MAX_MODULUS_LENGTH || (key.e?.length ?? 0) > MAX_EXPONENT_LENGTH) return undefined;
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function algorithmsOf(
  entry: Jwk,
  publicKey: KeyObject,
  allowed: readonly SignatureAlgorithm[],
): readonly SignatureAlgorithm[] {
  const fitting = fittingAlgorithms(publicKey).filter((algorithm) => allowed.includes(algorithm));
  if (publicKey.asymmetricKeyType === 'ed25519') {
    return entry.alg === undefined || entry.alg === 'EdDSA' || entry.alg === 'Ed25519' ? fitting : [];
  }
  // Some issuers, such as Entra ID, leave `alg` out: the operator's list is then the only limit.
  return entry.alg === undefined ? fitting : fitting.filter((algorithm) => algorithm === entry.alg);
}

function fittingAlgorithms(publicKey: KeyObject): readonly SignatureAlgorithm[] {
  const details = publicKey.asymmetricKeyDetails;
  switch (publicKey.asymmetricKeyType) {
    case 'rsa':
      return (details?.modulusLength ?? 0) >= MIN_RSA_BITS && verifiesQuickly(publicKey) ? RSA_ALGORITHMS : [];
    case 'ec':
      return ecAlgorithm(details?.namedCurve);
    case 'ed25519':
      return ['EdDSA', 'Ed25519'];
    default:
      return [];
  }
}

function ecAlgorithm(curve: string | undefined): readonly SignatureAlgorithm[] {
  switch (curve) {
    case 'prime256v1':
      return ['ES256'];
    case 'secp384r1':
      return ['ES384'];
    case 'secp521r1':
      return ['ES512'];
    default:
      return [];
  }
}
