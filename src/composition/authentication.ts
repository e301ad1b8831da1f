import type { Logger } from 'pino';
import type { IssuerConfig } from '../adapters/auth/issuers.ts';
import { createKeySets, keepFresh } from '../adapters/auth/jwks.ts';
import { createAuthenticator } from '../adapters/auth/token-verifier.ts';
import type { EgressOptions } from '../adapters/egress/egress.ts';
import { createGuardedFetchJson } from '../adapters/egress/guarded-fetch-json.ts';
import type { Authenticator, Revocations } from '../application/ports/authenticator.ts';
import type { Lifecycle } from './lifecycle.ts';

export interface AuthenticatorDeps {
  readonly issuers: readonly IssuerConfig[];
  readonly egressOptions: EgressOptions;
  readonly revocations: Revocations;
  readonly logger: Logger;
}

/** Fetches the issuers' keys through the guard, like everything else that goes out. */
export function openAuthenticator(
  { issuers, egressOptions, revocations, logger }: AuthenticatorDeps,
  lifecycle: Lifecycle,
): Authenticator {
  const jwksUris = issuers.flatMap((one) => ('jwksUri' in one ? [one.jwksUri] : []));
  const keySets = createKeySets(issuers, {
    clock: Date.now,
    fetchJson: createGuardedFetchJson(jwksUris, egressOptions),
    onFetchFailed: (name, error) =>
      logger.warn({ issuer: name, err: error }, 'the keys of an issuer cannot be fetched'),
  });
  const stop = keepFresh(keySets);
  lifecycle.onClose(async () => stop());
  return createAuthenticator({ issuers, keySets, revocations, clock: Date.now });
}
