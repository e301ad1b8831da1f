import type { ExpirySource, LeasePurpose } from '../domain/credential.ts';
import { PurserError } from '../domain/errors.ts';
import type { Instant } from '../domain/instant.ts';
import type { LiveRegistry } from '../domain/registry.ts';
import type { MintedPasswords } from './minted-passwords.ts';
import { type LoginCredential, type SecretBinding, SecretIntegrityError, type Vault } from './ports/vault.ts';

/** The credential that a client logs in to the registry with, and its expiry if that is known. */
export interface EffectiveCredential extends LoginCredential {
  readonly expiresAt: Instant | null;
  /** Null if no expiry is known. */
  readonly expirySource: ExpirySource | null;
}

/** Opens the stored credential; if passwords are minted, the cloud's. @throws PurserError CREDENTIAL_UNAVAILABLE */
export type OpenStoredCredential = (registry: LiveRegistry) => Promise<LoginCredential>;

export function openStoredCredential(vault: Vault): OpenStoredCredential {
  return async (registry) =>
    (await vault.open(bindingOf(registry), registry.credential)) ?? missingSecret(registry.url);
}

/** Treats a record that does not open as missing for the caller, and reports it to the operator. */
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
 * The stored password, or one minted from it. The long-lived secret behind a minted password never leaves.
 * Undefined if the secret was destroyed or its row is missing, even if that happens during minting.
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
      neededMs: 0,
      openSource: () => vault.open(binding, credential),
    });
    return password && { ...password, expirySource: 'MINTED' };
  };
}

export function missingSecret(url: string): never {
  throw new PurserError('CREDENTIAL_UNAVAILABLE', `The stored password of ${url} is missing. Rotate the credential.`);
}
