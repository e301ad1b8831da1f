import { compactVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { AuthenticationFailed, type Authenticator, type Revocations } from '../../application/ports/authenticator.ts';
import type { Principal } from '../../domain/permissions.ts';
import { checkTime, refusedToken, type VerifiedClaims, verifiedClaims } from './claims.ts';
import { MAX_TOKEN_LENGTH, parseCompactJws } from './compact-jws.ts';
import type { IssuerConfig } from './issuers.ts';
import type { KeySet, Keys } from './jwks.ts';
import { NO_REVOCATIONS } from './revoked-tokens-file.ts';
import type { VerificationKey } from './verification-keys.ts';

export const DEFAULT_CACHE_SIZE = 10_000;
/** The cache holds this many characters for each token it may hold: 10,000 tokens are at most 20 MB. */
const CACHED_CHARACTERS_PER_TOKEN = 2048;

export interface AuthenticatorOptions {
  readonly issuers: readonly IssuerConfig[];
  /** By the issuer's name, from `createKeySets`. */
  readonly keySets: ReadonlyMap<string, KeySet>;
  /** Default: no token is revoked. */
  readonly revocations?: Pick<Revocations, 'isRevoked'>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** How many verified tokens are cached. Default: 10,000. */
  readonly cacheSize?: number;
}

interface AcceptedToken extends VerifiedClaims {
  readonly key: VerificationKey;
  readonly keySet: KeySet;
}

/**
 * Accepts the tokens of the given issuers. A token is verified once and then cached by its whole text; its times,
 * its key and whether it was revoked are checked again at every use. Refused tokens are not cached.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { keySets, clock, revocations = NO_REVOCATIONS, cacheSize = DEFAULT_CACHE_SIZE } = options;
  const issuers = new Map(options.issuers.map((issuer) => [issuer.issuer, issuer]));
  const accepted = new LRUCache<string, AcceptedToken>({
    max: cacheSize,
    maxSize: cacheSize * CACHED_CHARACTERS_PER_TOKEN,
    sizeCalculation: (_, token) => token.length,
  });
  /** By the caller of each, for connections that outlive the cache's entry. */
  const tokenOf = new WeakMap<Principal, Pick<AcceptedToken, 'key' | 'keySet'>>();
  const verifying = new Map<string, Promise<AcceptedToken>>();

  async function verify(token: string): Promise<AcceptedToken> {
    const { algorithm, kid, claims } = parseCompactJws(token);
    const { issuer, keySet } = issuerOf(claims);
    if (!issuer.algorithms.includes(algorithm)) throw new AuthenticationFailed('wrong_algorithm', issuer.issuer);
    const key =
      (await keysOf(issuer.issuer, () => keySet.current())).find(algorithm, kid) ??
      (await keysOf(issuer.issuer, () => keySet.refetched())).find(algorithm, kid);
    if (key === undefined) throw new AuthenticationFailed('unknown_key', issuer.issuer);
    await compactVerify(token, key.publicKey, { algorithms: [algorithm] }).catch(() => {
      throw new AuthenticationFailed('bad_signature', issuer.issuer);
    });
    const verified = verifiedClaims(claims, issuer, clock());
    checkRevocation(verified.principal);
    return { ...verified, key, keySet };
  }

  function checkRevocation(principal: Principal): void {
    if (revocations.isRevoked(principal)) throw refusedToken('revoked', principal);
  }

  function issuerOf(claims: Readonly<Record<string, unknown>>): { issuer: IssuerConfig; keySet: KeySet } {
    const issuer = typeof claims.iss === 'string' ? issuers.get(claims.iss) : undefined;
    const keySet = issuer === undefined ? undefined : keySets.get(issuer.issuer);
    if (issuer === undefined || keySet === undefined) throw new AuthenticationFailed('unknown_issuer');
    return { issuer, keySet };
  }

  /** Calls for the same new token share one verification. */
  function verifyOnce(token: string): Promise<AcceptedToken> {
    const underWay = verifying.get(token);
    if (underWay !== undefined) return underWay;
    const verification = verify(token).finally(() => verifying.delete(token));
    verifying.set(token, verification);
    return verification;
  }

  return {
    async authenticate(token) {
      if (token.length > MAX_TOKEN_LENGTH) throw new AuthenticationFailed('too_large');
      const known = accepted.get(token);
      if (known !== undefined) {
        const current = known.keySet.current();
        const keys = current instanceof Promise ? await keysOf(known.principal.issuer, () => current) : current;
        if (keys.has(known.key)) {
          checkTime(known, clock());
          checkRevocation(known.principal);
          return known.principal;
        }
        accepted.delete(token);
      }
      const verified = await verifyOnce(token);
      accepted.set(token, verified);
      tokenOf.set(verified.principal, verified);
      return verified.principal;
    },

    async examine(token) {
      if (token.length > MAX_TOKEN_LENGTH) throw new AuthenticationFailed('too_large');
      return (await verify(token)).principal;
    },

    acceptsKeyOf(caller) {
      const token = tokenOf.get(caller);
      if (token === undefined) return false;
      const keys = token.keySet.current();
      if (!(keys instanceof Promise)) return keys.has(token.key);
      return keys.then(
        (fetched) => fetched.has(token.key),
        () => false,
      );
    },
  };
}

async function keysOf(issuer: string, source: () => Keys | Promise<Keys>): Promise<Keys> {
  try {
    return await source();
  } catch {
    throw new AuthenticationFailed('keys_unavailable', issuer);
  }
}
