import type { Principal } from '../../domain/permissions.ts';

/**
 * Why a token was refused. Operators see it, as a metric's label and in the log, so that they can tell an expired token
 * from one for another audience. Callers never see it.
 */
export const REFUSAL_REASONS = [
  /** No token came. */
  'missing',
  /** Too long, not canonical, not a JWT. */
  'too_large',
  'malformed',
  /** A header parameter that names a key, asks for special processing, or is not of its type. */
  'wrong_header',
  'wrong_algorithm',
  'unknown_issuer',
  'unknown_key',
  'keys_unavailable',
  'bad_signature',
  /** A claim is missing or not of its type. */
  'invalid_claims',
  'wrong_audience',
  'expired',
  'not_yet_valid',
  /** It lives longer than its issuer's tokens may. */
  'too_old',
  'revoked',
  /** Of a signed request: its body is not the one that was signed. */
  'changed_body',
  /** Of a signed request: its signature was taken before. */
  'replayed',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** What a token says whose signature was verified. */
export interface VerifiedToken extends Pick<Principal, 'issuer' | 'subject' | 'tokenId'> {
  /** The projects that it names; none if its issuer's tokens do not name their permissions. */
  readonly projectIds: readonly string[];
}

/** The token is missing, malformed, expired, forged or not for us. No details: the answer is one constant text. */
export class AuthenticationFailed extends Error {
  override readonly name = 'AuthenticationFailed';

  constructor(
    readonly reason: RefusalReason,
    /** The configured issuer that the token names; undefined before it is known. */
    readonly issuer?: string,
    /** Only if its signature was verified and its claims were read: for the audit logs of its projects. */
    readonly token?: VerifiedToken,
  ) {
    super('The token is missing or not valid.');
  }
}

/** Identifies the caller by the call's token. */
export interface Authenticator {
  /**
   * Verifies a compact JWT (without the `Bearer ` prefix).
   * @throws AuthenticationFailed
   */
  authenticate(token: string): Promise<Principal>;
  /** Like `authenticate`, without keeping anything of the token: for one that was handed over to be explained. */
  examine(token: string): Promise<Principal>;
  /**
   * Whether the key that signed the token of a caller, as `authenticate` returned it, would be accepted now: its issuer
   * still has it, and was reachable lately. It waits only if there are no keys that may be used. Never rejects.
   */
  acceptsKeyOf(caller: Principal): boolean | Promise<boolean>;
}

/** Tokens that are refused although they are valid. */
export interface Revocations {
  /** Whether the caller's token is revoked now. */
  isRevoked(principal: Pick<Principal, 'issuer' | 'subject' | 'tokenId' | 'issuedAt'>): boolean;
  /** Calls the listener whenever other tokens are revoked than before. */
  onChange(listener: () => void): void;
}
