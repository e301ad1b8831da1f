import type { Principal } from '../../domain/permissions.ts';

/** The token is missing, malformed, expired, forged or not for us. Says no more: the answer is one constant text. */
export class AuthenticationFailed extends Error {
  override readonly name = 'AuthenticationFailed';
}

/** Who calls, by the token that came with the call. */
export interface Authenticator {
  /**
   * Verifies a compact JWT (without the `Bearer ` prefix).
   * @throws AuthenticationFailed
   */
  authenticate(token: string): Promise<Principal>;
}
