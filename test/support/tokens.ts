import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { LocalIssuer } from '../../src/adapters/auth/issuers.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';

export interface TestTokenOptions {
  /** Permissions by project id. Default: all five in `demo`. */
  readonly projects?: Readonly<Record<string, readonly string[]>>;
  /** Default: `alice`. */
  readonly subject?: string;
  /** From now; negative for a token that has expired. Default: 3600. */
  readonly ttlSeconds?: number;
  /** Claims to add or replace; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Header parameters to add or replace; `undefined` leaves one out. */
  readonly header?: Readonly<Record<string, unknown>>;
}

export interface TestIssuer {
  /** For `createAuthenticator`. */
  readonly issuerConfig: LocalIssuer;
  /** The same as the environment variable `JWT_ISSUERS`, for services that are started as a process. */
  readonly jwtIssuers: string;
  /** A token signed by this issuer, without the `Bearer ` prefix. */
  token(options?: TestTokenOptions): string;
}

/** An issuer with a new Ed25519 key. It signs with node:crypto, so it shares no code with the verifier. */
export function createTestIssuer(issuer = `https://issuer-${randomUUID()}.example`, audience = 'purser'): TestIssuer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const kid = randomUUID();
  const issuerConfig: LocalIssuer = {
    issuer,
    audience: [audience],
    algorithms: ['EdDSA'],
    grants: 'claims',
    maxTokenAge: 90 * 86_400,
    clockTolerance: 5,
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' }] },
  };
  return {
    issuerConfig,
    jwtIssuers: JSON.stringify([issuerConfig]),
    token({ projects, subject, ttlSeconds, claims, header }: TestTokenOptions = {}) {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        iss: issuer,
        aud: audience,
        sub: subject ?? 'alice',
        iat: now,
        exp: now + (ttlSeconds ?? 3600),
        projects: projects ?? { demo: Object.values(PERMISSIONS) },
        ...claims,
      };
      const signed = `${segment({ alg: 'EdDSA', typ: 'JWT', kid, ...header })}.${segment(payload)}`;
      return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
    },
  };
}

function segment(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
