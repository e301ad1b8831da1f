import type { SecretRef } from '../../domain/credential.ts';
import type { Secret } from '../../domain/secret.ts';
import type { SecretEffect } from '../../domain/secret-effects.ts';

/** The values that a sealed secret is bound to. It opens only for exactly these values. */
export interface SecretBinding {
  readonly projectId: string;
  readonly registryId: string;
  readonly credentialVersion: number;
  /** Canonical `host[:port]`: a secret stored for one host is never sent to another. */
  readonly host: string;
}

export interface LoginCredential {
  readonly username: string;
  readonly password: Secret;
}

/** A pending row. As far as the vault knows, no event refers to it. */
export interface PendingSecret {
  readonly secretId: string;
  readonly projectId: string;
  readonly registryId: string;
  readonly credentialVersion: number;
}

/** The row does not match the request, was altered, or its key is not in the key ring. */
export class SecretIntegrityError extends Error {
  override readonly name = 'SecretIntegrityError';
}

export interface Vault {
  /** Seals the credential under a separate data key and stores it, durably, as pending. */
  seal(binding: SecretBinding, credential: LoginCredential): Promise<SecretRef>;
  /**
   * Does, durably, what events that are in the log do to the secrets of their registry: makes one current, destroys others.
   * Harmless if it was done before.
   */
  settle(effects: readonly SecretEffect[]): Promise<void>;
  /** Destroys a pending secret whose event was refused. */
  discard(secretId: string): Promise<void>;
  /**
   * Undefined if the secret was destroyed or its row is missing.
   * @throws SecretIntegrityError
   */
  open(binding: SecretBinding, ref: SecretRef): Promise<LoginCredential | undefined>;
  /** Pending rows older than `olderThanMs`, oldest first, at most `limit`, from the one after the secret `after` on. */
  pending(olderThanMs: number, limit: number, after?: string): Promise<PendingSecret[]>;
  /**
   * Whether the row is still there. Anybody who can write to the database can insert one.
   * @throws SecretIntegrityError if Purser has not sealed it for exactly this project, registry and version
   */
  isSealed(secret: PendingSecret): Promise<boolean>;
}
