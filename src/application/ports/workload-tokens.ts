import type { Secret } from '../../domain/secret.ts';
import type { WorkloadOwner } from '../../domain/workload-token.ts';

/** The tokens in which Purser says to clouds who it is. The subject follows from the registry; no caller chooses it. */
export interface WorkloadTokens {
  /**
   * A JWT of five minutes, signed with RS256.
   * @throws PurserError UNAVAILABLE while the key cannot be read
   */
  sign(owner: WorkloadOwner, audience: string): Promise<Secret>;
}

/** RFC 7517. */
export interface PublicJwk {
  readonly kid: string;
  readonly kty: 'RSA';
  readonly alg: 'RS256';
  readonly use: 'sig';
  readonly n: string;
  readonly e: string;
}

/** What providers verify those tokens by. */
export interface WorkloadIssuer {
  /** As in the tokens: a URL without a slash at its end. */
  readonly issuer: string;
  /** If the database does not answer, those that were read last. */
  publicKeys(): Promise<readonly PublicJwk[]>;
}
