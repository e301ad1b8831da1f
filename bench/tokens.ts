import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { PERMISSIONS } from '../src/domain/permissions.ts';

export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** In the format of `JWT_ISSUERS`. */
  readonly jwtIssuers: string;
  /** The public key, as a JSON Web Key. */
  readonly publicKey: object;
  /** With all permissions in the project. */
  token(projectId: string): Promise<string>;
}

/** RS256: most identity providers use it, and it is the fastest to verify. */
const ALGORITHM = 'RS256';

export async function createTokenIssuer(): Promise<TokenIssuer> {
  const issuer = 'https://issuer.example.com';
  const audience = 'purser';
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM);
  const kid = randomUUID();
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: ALGORITHM, use: 'sig' };
  return {
    issuer,
    audience,
    jwtIssuers: JSON.stringify([{ issuer, audience, algorithms: [ALGORITHM], jwks: { keys: [jwk] } }]),
    publicKey: jwk,
    token(projectId) {
      const claims: JWTPayload = { projects: { [projectId]: Object.values(PERMISSIONS) } };
      return new SignJWT(claims)
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject('pipeline@example.com')
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey);
    },
  };
}
