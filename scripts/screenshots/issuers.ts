import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

const AUDIENCE = 'https://purser.acme.example';

/** One issuer of tokens, with its entry in `JWT_ISSUERS`. */
export interface Issuer {
  readonly issuer: string;
  readonly entry: Readonly<Record<string, unknown>>;
  /** @param at seconds since 1970 */
  sign(claims: JWTPayload, at: number, ttlSeconds?: number): Promise<string>;
}

export async function createIssuer(issuer: string, grants: 'claims' | 'rules'): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const kid = randomUUID();
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' };
  return {
    issuer,
    entry: { issuer, audience: AUDIENCE, algorithms: ['RS256'], jwks: { keys: [jwk] }, grants },
    sign: (claims, at, ttlSeconds = 3600) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setJti(randomUUID())
        .setIssuedAt(at)
        .setExpirationTime(at + ttlSeconds)
        .sign(privateKey),
  };
}
