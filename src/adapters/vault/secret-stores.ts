import type { PendingSecret, SecretBinding } from '../../application/ports/vault.ts';
import type { SignedAuditHead } from '../../domain/audit-head.ts';
import type { LeasePurpose } from '../../domain/credential.ts';
import type { Instant } from '../../domain/instant.ts';
import type { SecretEffect } from '../../domain/secret-effects.ts';
import type { WorkloadKeyTimes } from '../../domain/workload-keys.ts';

export interface WrappedKey {
  /** Of the key-encryption key. */
  readonly keyId: number;
  readonly bytes: Buffer;
}

/** One credential version as it is stored. Which of the fields mean what is the vault's matter. */
export interface SealedSecret {
  readonly secretId: string;
  readonly binding: SecretBinding;
  readonly format: number;
  /** The only field that a rotation of the key-encryption keys changes. */
  readonly wrappedKey: WrappedKey;
  readonly messageId: Buffer;
  readonly commitment: Buffer;
  readonly ciphertext: Buffer;
  /** Of all other fields but the wrapped key. */
  readonly digest: Buffer;
}

/** What a wrapped key is bound to, without the sealed text. */
export type KeyedSecret = Pick<SealedSecret, 'secretId' | 'binding' | 'format' | 'wrappedKey' | 'messageId'>;

export interface KeyReplacement {
  readonly secretId: string;
  readonly from: WrappedKey;
  readonly to: WrappedKey;
}

/**
 * Where sealed secrets lie. It sees neither a password nor a key. Which secrets become current, and which are
 * destroyed for that, the events decide, not this.
 * All methods throw PurserError UNAVAILABLE while the database cannot be reached.
 */
export interface SealedSecretStore {
  /** Durable before it resolves. */
  insertPending(secret: SealedSecret): Promise<void>;
  /** Undefined where it was destroyed or never existed. */
  find(secretId: string): Promise<SealedSecret | undefined>;
  /** Durable before it resolves. Harmless if it was done before. */
  settle(effects: readonly SecretEffect[]): Promise<void>;
  /** Destroys the secret if it is still pending. */
  destroyPending(secretId: string): Promise<void>;
  /** Oldest first, from the one after the secret `after` on. */
  pending(olderThanMs: number, limit: number, after?: string): Promise<PendingSecret[]>;
  /** The key-encryption keys that secrets are under, in the order of their ids. */
  keyIdsInUse(): Promise<number[]>;
  /** Secrets under this key in the order of their ids, from the one after `after` on. */
  underKey(keyId: number, after: string | undefined, limit: number): Promise<KeyedSecret[]>;
  /**
   * Replaces wrapped keys that are still as `from` says; a secret that was destroyed or changed meanwhile stays as it
   * is, and one that someone else is changing is left out without waiting. Gives how many were replaced.
   */
  replaceWrappedKeys(replacements: readonly KeyReplacement[]): Promise<number>;
  close(): Promise<void>;
}

export interface WrappedEventKey {
  readonly id: number;
  readonly wrappedKey: WrappedKey;
}

export interface StoredAuditKey {
  readonly id: number;
  readonly keyId: string;
  readonly publicKey: Buffer;
  /** The private half; null once the key is retired. */
  readonly wrappedKey: WrappedKey | null;
}

/** The keys that sign heads of audit logs. All methods throw PurserError UNAVAILABLE while the database cannot be reached. */
export interface AuditKeyStore {
  /** In the order of their ids. */
  auditKeys(): Promise<StoredAuditKey[]>;
  /** Does nothing if there is one with this id. */
  addAuditKey(key: StoredAuditKey & { readonly wrappedKey: WrappedKey }): Promise<void>;
  /** Destroys the private halves of keys up to this id. */
  retireAuditKeys(upToId: number): Promise<void>;
  /** The head that was signed last; undefined if none ever was. */
  lastHead(): Promise<SignedAuditHead | undefined>;
}

/** A private key, sealed by a data key that the key ring wraps. Both are bound to the other fields. */
export interface StoredWorkloadKey extends WorkloadKeyTimes {
  readonly wrappedKey: WrappedKey;
  readonly sealedKey: Buffer;
}

/** The keys of tokens for clouds. All methods throw PurserError UNAVAILABLE while the database cannot be reached. */
export interface WorkloadKeyStore {
  /** In the order of their ids. */
  workloadKeys(): Promise<StoredWorkloadKey[]>;
  /** False, and nothing done, if there is one with this id. */
  addWorkloadKey(key: StoredWorkloadKey): Promise<boolean>;
  /** Whether its wrapped key was still as `from` says. */
  replaceWorkloadKey(id: number, from: WrappedKey, to: WrappedKey): Promise<boolean>;
  /** Destroys the keys with smaller ids. */
  removeWorkloadKeys(beforeId: number): Promise<void>;
}

/** How many rows need a key-encryption key. */
export interface KeyUse {
  readonly keyId: number;
  readonly secrets: number;
  readonly mintedPasswords: number;
  readonly eventKeys: number;
  readonly auditKeys: number;
  readonly workloadKeys: number;
}

/** A running replica, with the key-encryption keys that it has. */
export interface KeyHolder {
  readonly replica: string;
  readonly keyIds: readonly number[];
  readonly primaryKeyId: number;
}

/**
 * What the database says about keys. Nothing that stands there is ever replaced but wrapped forms of keys.
 * All methods throw PurserError UNAVAILABLE while the database cannot be reached.
 */
export interface KeyRecordStore extends AuditKeyStore, WorkloadKeyStore {
  /** One for each key-encryption key that this database was ever used with. */
  keyChecks(): Promise<WrappedKey[]>;
  /** Does nothing if there is one for this key. */
  addKeyCheck(check: WrappedKey): Promise<void>;
  retiredKeyIds(): Promise<number[]>;
  /** Whether no row needs the key. From then on none can. */
  retireKey(keyId: number): Promise<boolean>;
  /** Whether a row needs the key. */
  isNeeded(keyId: number): Promise<boolean>;
  /** Counts all rows. Without keys that no row needs. */
  keyUses(): Promise<KeyUse[]>;
  /** Says that a replica runs and has these keys; to be repeated every few seconds. */
  reportHolder(holder: KeyHolder): Promise<void>;
  removeHolder(replica: string): Promise<void>;
  /** The replicas that reported within the last 10 seconds. */
  holders(): Promise<KeyHolder[]>;
  /** In the order of their ids. */
  eventKeys(): Promise<WrappedEventKey[]>;
  /** Does nothing if there is one with this id. */
  addEventKey(key: WrappedEventKey): Promise<void>;
  /** Whether it was still as `from` says. */
  replaceEventKey(id: number, from: WrappedKey, to: WrappedKey): Promise<boolean>;
  close(): Promise<void>;
}

/** One minted password as it is stored. Its record's own id is made of the other fields and stands nowhere. */
export interface SealedMintedPassword {
  readonly sourceSecretId: string;
  readonly purpose: LeasePurpose;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  readonly record: Omit<SealedSecret, 'secretId'>;
}

export type MintedPasswordId = Pick<SealedMintedPassword, 'sourceSecretId' | 'purpose'>;

export interface MintedKeyReplacement extends MintedPasswordId {
  readonly from: WrappedKey;
  readonly to: WrappedKey;
}

/** Where sealed minted passwords lie. All methods throw PurserError UNAVAILABLE while the database cannot be reached. */
export interface MintedPasswordStore {
  find(sourceSecretId: string, purpose: LeasePurpose): Promise<SealedMintedPassword | undefined>;
  /** See `MintedPasswordVault.keep`. Durable before it resolves. */
  replace(password: SealedMintedPassword): Promise<boolean>;
  /** The key-encryption keys that minted passwords are under, in the order of their ids. */
  keyIdsInUse(): Promise<number[]>;
  /** Minted passwords under this key in the order of source and purpose, from the one after `after` on. */
  underKey(keyId: number, after: MintedPasswordId | undefined, limit: number): Promise<SealedMintedPassword[]>;
  /** Replaces wrapped keys of passwords that are still as they were read. Gives how many were replaced. */
  replaceWrappedKeys(replacements: readonly MintedKeyReplacement[]): Promise<number>;
  removeExpired(): Promise<number>;
  close(): Promise<void>;
}
