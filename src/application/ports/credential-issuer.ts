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

/** The issuer will never revoke it, however often it is asked. A person has to. */
export class RevocationRefused extends Error {
  override readonly name = 'RevocationRefused';
}

/**
 * Where the next version of a credential comes from: a person, or later the registry's provider. What it creates goes the
 * same way from there on: staged, tested, active, retiring, destroyed. See docs/decisions/staged-rotation.md.
 */
export interface CredentialIssuer {
  /** Stands in the events of what it creates, so that the same issuer is asked to revoke it. */
  readonly name: string;
  /** Whether `create` makes something that can be lost, and has to be revoked. If not, no event tells of it. */
  readonly revocable: boolean;
  /** `label` names what is created, so that it is found even if the answer was lost. Nothing is created once `signal` aborts. */
  create(registry: RegistryName, label: string, signal: AbortSignal): Promise<Successor>;
  /** Harmless if it was done before, or if nothing has this label. @throws RevocationRefused */
  revoke(registry: RegistryName, label: string): Promise<void>;
  /** The labels of what was created for this registry and not revoked. */
  list(registry: RegistryName): Promise<readonly string[]>;
}

/** By name: those that are asked to revoke. */
export type CredentialIssuers = ReadonlyMap<string, CredentialIssuer>;
