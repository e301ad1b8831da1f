import { unavailable } from '../../domain/errors.ts';
import { TookTooLong, within } from '../deadline.ts';
import type { CredentialIssuer, RegistryName, Successor } from '../ports/credential-issuer.ts';

/** How long an issuer may take to create a credential. Much less than the time after which the request is given up. */
export const CREATE_MS = 60_000;
/** How long an issuer may take to list what it created, or to revoke it. */
export const CALL_MS = 20_000;

/** An issuer that nobody waits for longer than this, whether or not it heeds a signal. */
export interface LimitedIssuer extends Pick<CredentialIssuer, 'name' | 'revocable'> {
  /** @throws PurserError UNAVAILABLE if it takes too long */
  create(registry: RegistryName, label: string): Promise<Successor>;
  /** @throws TookTooLong, RevocationRefused */
  revoke(registry: RegistryName, label: string): Promise<void>;
  /** @throws TookTooLong */
  list(registry: RegistryName): Promise<readonly string[]>;
}

/** Its calls end when `stop` aborts, with that signal's reason. */
export function limitedIssuer(issuer: CredentialIssuer, stop?: AbortSignal): LimitedIssuer {
  const { name, revocable } = issuer;
  const limits = { who: `the issuer ${name}`, signal: stop };

  return {
    name,
    revocable,

    async create(registry, label) {
      const tooLong = new AbortController();
      try {
        return await within(CREATE_MS, issuer.create(registry, label, tooLong.signal), limits);
      } catch (error) {
        if (!(error instanceof TookTooLong)) throw error;
        tooLong.abort(error);
        throw unavailable('The issuer took too long to create the credential. Try again.', error);
      }
    },

    revoke: (registry, label) => within(CALL_MS, issuer.revoke(registry, label), limits),
    list: (registry) => within(CALL_MS, issuer.list(registry), limits),
  };
}
