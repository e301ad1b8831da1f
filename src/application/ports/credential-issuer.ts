import type { MintConfig } from '../../domain/credential.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Secret } from '../../domain/secret.ts';
import type { SecretBinding } from './vault.ts';

export type RegistryName = Pick<SecretBinding, 'projectId' | 'registryId'>;

/** A new login for a registry, before it is checked and sealed. `undefined` means: as the current one has it. */
export interface Successor {
  readonly password: Secret;
  readonly username: string | null | undefined;
  readonly mint: MintConfig | null | undefined;
  readonly expiresAt: Instant | null | undefined;
}

/**
 * Where the next version of a credential comes from: a person, or later the registry's provider. What it creates goes the
 * same way from there on: staged, tested, active, retiring, destroyed. See docs/decisions/staged-rotation.md.
 */
export interface CredentialIssuer {
  /** `label` names what is created, so that `list` finds it even if the answer was lost. */
  create(registry: RegistryName, label: string): Promise<Successor>;
  /** Once the version is retired or abandoned. Harmless if it was done before. */
  revoke(registry: RegistryName, label: string): Promise<void>;
  /** The labels of what was created and not revoked. */
  list(registry: RegistryName): Promise<readonly string[]>;
}
