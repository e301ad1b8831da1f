import type { Principal } from '../../domain/permissions.ts';

/** A request whose sender is known by a signature over it. */
export interface SignedRequest {
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Path and query, as in the request's first line. */
  readonly target: string;
  readonly body: Buffer;
}

/** Identifies the sender of a request by its signature. */
export interface SignedRequests {
  /** Whether there is a signature at all, before the body is read. @throws AuthenticationFailed */
  screen(headers: SignedRequest['headers']): void;
  /**
   * Takes each signature once, whichever replica it comes to.
   * @throws AuthenticationFailed
   * @throws PurserError UNAVAILABLE if nobody can tell whether it was taken
   */
  identify(request: SignedRequest): Promise<Principal>;
}

/** The signatures that were taken lately, on all replicas. */
export interface TakenSignatures {
  /** Whether this is the first time. `digest`: SHA-256 over what was signed, and by whom. */
  take(digest: Buffer): Promise<boolean>;
}
