import type { TestIssuer } from './tokens.ts';

export interface OutlastingToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * A token that outlasts what has to be done before it expires: how long that takes depends on the machine, so it is done
 * once with another token. The token lasts for twice as long, and a second.
 */
export async function outlasting(
  issuer: TestIssuer,
  rehearse: (token: string) => Promise<unknown>,
): Promise<OutlastingToken> {
  const began = Date.now();
  await rehearse(issuer.token());
  const expiresAt = Math.ceil((Date.now() + 2 * (Date.now() - began)) / 1000 + 1) * 1000;
  return { token: issuer.token({ claims: { exp: expiresAt / 1000 } }), expiresAt };
}
