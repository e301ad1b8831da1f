import type { Principal } from '../../domain/permissions.ts';

/** The token is missing, malformed, expired, forged or not for us. No details: the answer is one constant text. */
export class AuthenticationFailed extends Error {
  override readonly name = 'AuthenticationFailed';
}

/** Identifies the caller by the call's token. */
export interface Authenticator {
  /**
   * Verifies a compact JWT (without the `Bearer ` prefix).
   * @throws AuthenticationFailed
   */
  authenticate(token: string): Promise<Principal>;
}
