import type { ExpirySource, LeasePurpose } from '../../domain/credential.ts';
import type { Instant } from '../../domain/instant.ts';
import type { LiveRegistry } from '../../domain/registry.ts';
import type { LoginCredential } from '../ports/vault.ts';
import type { MintedPasswords } from './minted-passwords.ts';
import type { AuthorisedRegistry, StoredSecrets } from './stored-secrets.ts';

/** The credential that a client logs in to the registry with, and its expiry if that is known. */
export interface EffectiveCredential extends LoginCredential {
  readonly expiresAt: Instant | null;
  /** Null if no expiry is known. */
  readonly expirySource: ExpirySource | null;
}

export type OpenEffectiveCredential = (
  authorised: AuthorisedRegistry,
  registry: LiveRegistry,
  purpose: LeasePurpose,
  /** How long the caller expects to use it, in milliseconds. Default: just now. */
  neededMs?: number,
) => Promise<EffectiveCredential | undefined>;

/**
 * The stored password, or one minted from it. The long-lived secret behind a minted password never leaves.
 * Undefined if the secret was destroyed or its row is missing, even if that happens during minting.
 */
export function openEffectiveCredential(secrets: StoredSecrets, minted: MintedPasswords): OpenEffectiveCredential {
  return async (authorised, registry, purpose, neededMs = 0) => {
    const { credential } = registry;
    if (credential.mint === null) {
      const stored = await secrets.open(authorised, registry);
      const { expiresAt, expirySource } = credential;
      return stored && { ...stored, expiresAt, expirySource };
    }
    const password = await minted.passwordFor({
      mint: credential.mint,
      binding: secrets.bindingFor(authorised, registry),
      source: credential,
      purpose,
      neededMs,
      openSource: () => secrets.open(authorised, registry),
    });
    return password && { ...password, expirySource: 'MINTED' };
  };
}
