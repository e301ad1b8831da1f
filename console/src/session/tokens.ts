/** What a sign-in gives. It is kept in memory and nowhere else. */
export interface Tokens {
  readonly accessToken: string;
  /** By this machine's clock, in milliseconds since 1970; undefined if nobody said. */
  readonly expiresAt: number | undefined;
  /** Undefined if the provider gave none: then the session ends with the access token. */
  readonly refreshToken?: string | undefined;
  /** For the provider's sign-out page. */
  readonly idToken?: string | undefined;
}

/** Why nobody is signed in, or not any more. `texts/session.ts` has the sentences. */
export type SignedOutReason =
  | { readonly kind: 'new' }
  | { readonly kind: 'signed-out' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'link-used' }
  /** It was sent, no answer came, and now it is used up. */
  | { readonly kind: 'link-lost' }
  | { readonly kind: 'failed'; readonly message: string };

/** A sign-in that did not work, with a sentence for the person. */
export class SignInFailed extends Error {
  override readonly name = 'SignInFailed';
  readonly reason: SignedOutReason;

  constructor(reason: SignedOutReason, options?: ErrorOptions) {
    super(reason.kind === 'failed' ? reason.message : reason.kind, options);
    this.reason = reason;
  }
}
