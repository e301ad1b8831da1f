import * as z from 'zod';
import { AuthenticationFailed, type RefusalReason } from '../../application/ports/authenticator.ts';
import type { Principal } from '../../domain/permissions.ts';
import { isReadableName } from '../../domain/readable-name.ts';
import { RESERVED_KEYS } from './duplicate-keys.ts';
import type { IssuerConfig } from './issuers.ts';

/** The last second of the year 9999: later dates cannot be written with a four-digit year. */
const MAX_NUMERIC_DATE = 253_402_300_799;

/** A token may use a project's id as a key in JSON, so the id must not be a name that `structureFault` refuses. */
export function isProjectId(value: string): boolean {
  return isReadableName(value) && !RESERVED_KEYS.has(value);
}

const text = z.string().refine(isReadableName);
const projectId = z.string().refine(isProjectId);
/** Seconds since 1970. JSON's `1e400` is read as infinity, which this schema refuses. */
const numericDate = z.number().max(MAX_NUMERIC_DATE);
const permissions = z.array(z.string());

const registeredClaims = {
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  sub: text,
  exp: numericDate,
  nbf: numericDate.optional(),
  /** Required: without it nobody knows the token's age. */
  iat: numericDate,
  /** As long as a name may be, because the audit log shows it. */
  jti: text.optional(),
};
const claimsSchema = z.looseObject({
  ...registeredClaims,
  projects: z.record(projectId, permissions).optional(),
  project: projectId.optional(),
  permissions: permissions.optional(),
});
type Claims = z.infer<typeof claimsSchema>;
/** Claims of such names are the issuer's, of any type, if rules grant permissions. */
const workloadClaimsSchema = z.looseObject(registeredClaims);

/** Who calls, and from when the token is valid. */
export interface VerifiedClaims {
  readonly principal: Principal;
  /** Milliseconds since 1970, on the issuer's clock less its tolerance. */
  readonly notBefore: number;
}

/**
 * Reads the claims of a token with a verified signature.
 * @throws AuthenticationFailed
 */
export function verifiedClaims(
  claims: Readonly<Record<string, unknown>>,
  issuer: IssuerConfig,
  now: number,
): VerifiedClaims {
  const grantsByClaims = issuer.grants === 'claims';
  const parsed = (grantsByClaims ? claimsSchema : workloadClaimsSchema).safeParse(claims);
  if (!parsed.success || parsed.data.iss !== issuer.issuer)
    throw new AuthenticationFailed('invalid_claims', issuer.issuer);
  const { aud, sub, exp, nbf, iat, jti = null } = parsed.data;
  const principal: Principal = {
    subject: sub,
    issuer: issuer.issuer,
    tokenId: jti,
    issuedAt: iat * 1000,
    expiresAt: exp * 1000,
    ...(issuer.grants === 'claims' ? { grants: grantsOf(parsed.data) } : { grants: new Map(), claims }),
  };
  const audiences = typeof aud === 'string' ? [aud] : aud;
  if (!audiences.some((audience) => issuer.audience.includes(audience)))
    throw refusedToken('wrong_audience', principal);

  if (exp - iat > issuer.maxTokenAge) throw refusedToken('too_old', principal);

  const verified: VerifiedClaims = {
    principal,
    // A token with a future `iat` is not valid before that time. The expiry has no tolerance: `expiresAt` is exact.
    notBefore: 1000 * (Math.max(nbf ?? iat, iat) - issuer.clockTolerance),
  };
  checkTime(verified, now);
  return verified;
}

/** @throws AuthenticationFailed if the token has expired or is not valid yet at `now`, in milliseconds since 1970. */
export function checkTime({ principal, notBefore }: VerifiedClaims, now: number): void {
  if (!(now < principal.expiresAt)) throw refusedToken('expired', principal);
  if (!(notBefore <= now)) throw refusedToken('not_yet_valid', principal);
}

/** For a token with a verified signature, which the audit logs of its projects may name. */
export function refusedToken(
  reason: RefusalReason,
  { issuer, subject, tokenId, grants }: Principal,
): AuthenticationFailed {
  return new AuthenticationFailed(reason, issuer, { issuer, subject, tokenId, projectIds: [...grants.keys()] });
}

/** Merges both forms: `projects`, and `project` with `permissions`. Permissions are not normalised. */
function grantsOf({ projects, project, permissions }: Claims): ReadonlyMap<string, ReadonlySet<string>> {
  const grants = new Map<string, Set<string>>();
  for (const [projectId, granted] of Object.entries(projects ?? {})) grants.set(projectId, new Set(granted));
  if (project !== undefined) {
    grants.set(project, new Set([...(grants.get(project) ?? []), ...(permissions ?? [])]));
  }
  return grants;
}
