import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { SignatureAlgorithm } from './algorithms.ts';

const MIN_RSA_BITS = 2048;
/** OpenSSL's time for a verification grows with the square of the key size. */
const MAX_RSA_BITS = 8192;

/** A public key with the only algorithm it may be used for (RFC 8725, 3.1). */
export interface VerificationKey {
  readonly kid: string | undefined;
  /** One algorithm; `EdDSA` and `Ed25519` are two names for the same one. */
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly publicKey: KeyObject;
  /** Equal for equal keys only. */
  readonly identity: string;
}

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

/** The keys of a set that may verify a signature. All other entries are ignored, as RFC 7517 asks. */
export function usableKeys(jwks: Jwks, allowed: readonly SignatureAlgorithm[]): VerificationKey[] {
  return jwks.keys.flatMap((entry) => {
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
  if (entry.alg !== undefined) {
    return fitting.filter((algorithm) => algorithm === entry.alg);
  }
  // An RSA key without `alg` serves only the first allowed algorithm: one key must not verify both RS256 and PS256.
  return allowed.filter((algorithm) => fitting.includes(algorithm)).slice(0, 1);
}

function fittingAlgorithms(publicKey: KeyObject): readonly SignatureAlgorithm[] {
  const details = publicKey.asymmetricKeyDetails;
  switch (publicKey.asymmetricKeyType) {
    case 'rsa': {
      const bits = details?.modulusLength ?? 0;
      const exponent = details?.publicExponent ?? 0n;
      if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS || exponent < 3n || exponent % 2n === 0n) return [];
      return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
    }
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
