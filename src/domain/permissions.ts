import type { TokenClaims } from './trust/claims.ts';

/** The permission claims that Purser knows. They are compared exactly: no wildcards, no case folding. */
export const PERMISSIONS = {
  registryRead: 'iam:project:cicd:registry:read',
  registryWrite: 'iam:project:cicd:registry:write',
  registryDelete: 'iam:project:cicd:registry:delete',
  registryUse: 'iam:project:cicd:registry:use',
  auditRead: 'iam:project:cicd:audit:read',
  trustRead: 'iam:project:cicd:trust:read',
  trustWrite: 'iam:project:cicd:trust:write',
} as const;

export type Permission = (typeof PERMISSIONS)[keyof typeof PERMISSIONS];

/** The caller, by the token's verified claims. */
export interface Principal {
  readonly subject: string;
  readonly issuer: string;
  /** The token's `jti`; null if it has none. */
  readonly tokenId: string | null;
  /** When the token was issued, in milliseconds since 1970. */
  readonly issuedAt: number;
  /** Milliseconds since 1970; the token is invalid from then on. */
  readonly expiresAt: number;
  /** Permissions by project id. Unknown strings are kept: other services share the token. */
  readonly grants: ReadonlyMap<string, ReadonlySet<string>>;
  /** Only of an issuer whose tokens trust rules grant permissions to: what they compare. `grants` is empty then. */
  readonly claims?: TokenClaims;
}

/** The same for all tokens of a caller. A subject is known only to its issuer, so the issuer is part of it. */
export function callerKey({ issuer, subject }: Pick<Principal, 'issuer' | 'subject'>): string {
  return JSON.stringify([issuer, subject]);
}

export function isGranted(principal: Principal, projectId: string, permission: string): boolean {
  return principal.grants.get(projectId)?.has(permission) ?? false;
}
