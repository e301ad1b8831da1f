import { createHash } from 'node:crypto';

/** How long a token is valid. Providers take it within seconds, and their clocks may differ by a minute or two. */
export const WORKLOAD_TOKEN_SECONDS = 300;

/** The registry for which Purser logs in. */
export interface WorkloadOwner {
  readonly projectId: string;
  readonly registryId: string;
}

/** RFC 7519; times in seconds since 1970. */
export interface WorkloadClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

/**
 * Whom a provider is to trust: one registry of one project. A project's id can be long, and may hold what some provider gives
 * a meaning, so only its hash is there. 76 characters; Google takes up to 127.
 */
export function workloadSubject({ projectId, registryId }: WorkloadOwner): string {
  const project = createHash('sha256').update(projectId, 'utf8').digest('base64url').slice(0, 22);
  return `project:${project}:registry:${registryId}`;
}

/** @param at milliseconds since 1970 */
export function workloadClaims(
  issuer: string,
  owner: WorkloadOwner,
  audience: string,
  { at, id }: { readonly at: number; readonly id: string },
): WorkloadClaims {
  const iat = Math.floor(at / 1000);
  return {
    iss: issuer,
    sub: workloadSubject(owner),
    aud: audience,
    jti: id,
    iat,
    exp: iat + WORKLOAD_TOKEN_SECONDS,
  };
}

/** What a provider reads first: OpenID Connect Discovery 1.0, section 3. */
export function discoveryDocument(issuer: string) {
  return {
    issuer,
    jwks_uri: jwksUrl(issuer),
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid'],
    claims_supported: ['iss', 'sub', 'aud', 'jti', 'iat', 'exp'],
  };
}

/** Not `/.well-known/jwks.json`, where the development issuer has its keys. */
export function jwksUrl(issuer: string): string {
  return `${issuer}/jwks.json`;
}
