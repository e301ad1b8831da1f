import type { ExpirySource, LeasePurpose } from '../domain/credential.ts';
import { PurserError } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';
import type { LiveRegistry } from '../domain/registry.ts';
import type { MintedPasswords } from './minted-passwords.ts';
import { type LoginCredential, type SecretBinding, SecretIntegrityError, type Vault } from './ports/vault.ts';

/** What a client logs in to the registry with, and when that ends, where it is known. */
export interface EffectiveCredential extends LoginCredential {
  readonly expiresAt: Instant | null;
  /** Null where no end is known. */
  readonly expirySource: ExpirySource | null;
}

/** The secret as it is stored: for a minted password the cloud's. @throws PurserError CREDENTIAL_UNAVAILABLE */
export type OpenStoredCredential = (registry: LiveRegistry) => Promise<LoginCredential>;

export function openStoredCredential(vault: Vault): OpenStoredCredential {
  return async (registry) =>
    (await vault.open(bindingOf(registry), registry.credential)) ?? missingSecret(registry.url);
}

/** A record that does not open is of no more use to the caller than one that is gone; the operator hears of it. */
export function reportIntegrityFaults(vault: Vault, onFault: (error: unknown) => void): Vault {
  return {
    ...vault,
    async open(binding, ref) {
      try {
        return await vault.open(binding, ref);
      } catch (error) {
        if (!(error instanceof SecretIntegrityError)) throw error;
        onFault(error);
        return missingSecret(binding.host);
      }
    },
  };
}

function bindingOf({ projectId, registryId, url: host, credential }: LiveRegistry): SecretBinding {
  return { projectId, registryId, credentialVersion: credential.version, host };
}

export type OpenEffectiveCredential = (
  registry: LiveRegistry,
  purpose: LeasePurpose,
) => Promise<EffectiveCredential | undefined>;

/**
 * The stored password, or one that is minted from it: the long-lived secret behind a minted one never gets further.
 * Undefined where the secret was destroyed or its row is missing, be it while a password was minted from it.
 */
export function openEffectiveCredential(vault: Vault, minted: MintedPasswords): OpenEffectiveCredential {
  return async (registry, purpose) => {
    const { credential } = registry;
    const binding = bindingOf(registry);
    if (credential.mint === null) {
      const stored = await vault.open(binding, credential);
      const { expiresAt, expirySource } = credential;
      return stored && { ...stored, expiresAt, expirySource };
    }
    const password = await minted.passwordFor({
      mint: credential.mint,
      binding,
      source: credential,
      purpose,
      openSource: () => vault.open(binding, credential),
    });
    return password && { ...password, expirySource: 'MINTED' };
  };
}

export function missingSecret(url: string): never {
  throw new PurserError('CREDENTIAL_UNAVAILABLE', `The stored password of ${url} is missing. Rotate the credential.`);
}
