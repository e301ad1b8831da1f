import { AuthenticationFailed } from '../../application/ports/authenticator.ts';

/** Why a token was refused. For metrics and tests; callers never see it. */
export type RefusalReason =
  | 'too-large'
  | 'malformed'
  | 'header'
  | 'algorithm'
  | 'unknown-issuer'
  | 'unknown-key'
  | 'keys-unavailable'
  | 'signature'
  | 'claims'
  | 'audience'
  | 'expired'
  | 'not-yet-valid';

/** The only error of the authenticator. Its text is the same for every reason, and it has no cause. */
export class TokenRefused extends AuthenticationFailed {
  constructor(readonly reason: RefusalReason) {
    super('The token is missing or not valid.');
  }
}
