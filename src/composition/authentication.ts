import type { Logger } from 'pino';
import type { IssuerConfig } from '../adapters/auth/issuers.ts';
import { createKeySets, keepFresh } from '../adapters/auth/jwks.ts';
import { openRevokedTokensFile } from '../adapters/auth/revoked-tokens-file.ts';
import { createAuthenticator } from '../adapters/auth/token-verifier.ts';
import type { EgressOptions } from '../adapters/egress/egress.ts';
import { createGuardedFetchJson } from '../adapters/egress/guarded-fetch-json.ts';
import type { Authenticator, Revocations } from '../application/ports/authenticator.ts';
import type { Lifecycle } from './lifecycle.ts';

export interface AuthenticationDeps {
  readonly issuers: readonly IssuerConfig[];
  readonly egressOptions: EgressOptions;
  readonly revokedTokensFile: string | undefined;
  readonly logger: Logger;
}

/** Who calls: by the tokens of the configured issuers, unless they are revoked. */
export interface Authentication {
  readonly authenticator: Authenticator;
  readonly revocations: Revocations;
  /** Those whose tokens trust rules grant permissions to. */
  readonly ruleIssuers: ReadonlySet<string>;
}

/** Fetches the issuers' keys through the guard, like everything else that goes out. */
export async function openAuthentication(
  { issuers, egressOptions, revokedTokensFile, logger }: AuthenticationDeps,
  lifecycle: Lifecycle,
): Promise<Authentication> {
  const revocations = await openRevokedTokensFile({
    path: revokedTokensFile,
    issuers: new Set(issuers.map(({ issuer }) => issuer)),
    onFault: (err) => logger.error({ err }, 'REVOKED_TOKENS_FILE cannot be used any more: its last good content stays'),
  });
  lifecycle.onClose(() => revocations.close());
  const jwksUris = issuers.flatMap((one) => ('jwksUri' in one ? [one.jwksUri] : []));
  const keySets = createKeySets(issuers, {
    clock: Date.now,
    fetchJson: createGuardedFetchJson(jwksUris, egressOptions),
    onFetchFailed: (name, error) =>
      logger.warn({ issuer: name, err: error }, 'the keys of an issuer cannot be fetched'),
  });
  const stop = keepFresh(keySets);
  lifecycle.onClose(async () => stop());
  return {
    authenticator: createAuthenticator({ issuers, keySets, revocations, clock: Date.now }),
    revocations,
    ruleIssuers: new Set(issuers.filter(({ grants }) => grants === 'rules').map(({ issuer }) => issuer)),
  };
}
