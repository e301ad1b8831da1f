import { randomUUID } from 'node:crypto';
import {
  type LoginCredential,
  type SecretBinding,
  SecretIntegrityError,
  type Vault,
} from '../../application/ports/vault.ts';
import type { SecretRef } from '../../domain/credential.ts';
import { isUuid } from '../../domain/identity.ts';
import { isWellFormed } from '../../domain/text-rules.ts';
import { checkKeys } from './key-check.ts';
import type { KeyRing } from './key-ring.ts';
import { openRecord, sealRecord, wrappingContext } from './record-cipher.ts';
import { type RewrapOptions, type RewrapResult, rewrapAll, type WrappedRows } from './rewrap.ts';
import type { KeyedSecret, SealedSecret, SealedSecretStore } from './secret-stores.ts';

export interface VaultDeps {
  readonly keyRing: KeyRing;
  /** Closed with the vault. */
  readonly store: SealedSecretStore;
}

export interface SealingVault extends Vault {
  /**
   * Call this at start. Checks that the key ring has the keys that the stored secrets are sealed under.
   * @throws KeyRingError that names the key
   */
  checkKeys(): Promise<void>;
  /** Brings all secrets under the primary key while the service keeps working. Safe to stop and to repeat. */
  rewrapAll(options?: RewrapOptions): Promise<RewrapResult>;
  close(): Promise<void>;
}

/** Seals and opens credentials. The store keeps the sealed ones. */
export function createVault({ keyRing, store }: VaultDeps): SealingVault {
  async function opened(
    binding: SecretBinding,
    secretId: string,
    secret: SealedSecret,
    digest: Buffer,
  ): Promise<LoginCredential> {
    try {
      requireSame(binding, secretId, secret);
      return await openRecord(keyRing, secret, digest);
    } catch (error) {
      if (!(error instanceof SecretIntegrityError)) throw error;
      throw new SecretIntegrityError(`secret ${secretId}: ${error.message}`, { cause: error });
    }
  }

  return {
    async seal(binding, credential) {
      checkBinding(binding);
      const secret = await sealRecord(keyRing, randomUUID(), binding, credential);
      await store.insertPending(secret);
      return { secretId: secret.secretId, digest: secret.digest.toString('hex') };
    },

    async open(binding, ref) {
      const { secretId } = ref;
      const digest = digestOf(ref);
      const secret = await store.find(secretId);
      return secret && opened(binding, secretId, secret, digest);
    },

    settle: (effects) => store.settle(effects),
    discard: (secretId) => store.destroyPending(secretId),
    pending: (olderThanMs, limit, after) => store.pending(olderThanMs, limit, after),

    async isSealed({ secretId, ...sealedFor }) {
      const secret = await store.find(secretId);
      if (secret === undefined) return false;
      await opened({ ...sealedFor, host: secret.binding.host }, secretId, secret, secret.digest);
      return true;
    },

    checkKeys: () => checkKeys(keyRing, store),
    rewrapAll: (options) => rewrapAll(keyRing, secretRows(store), options),
    close: () => store.close(),
  };
}

/** The secrets, for a change of the primary key. */
export function secretRows(store: SealedSecretStore): WrappedRows<KeyedSecret> {
  return {
    keyIdsInUse: () => store.keyIdsInUse(),
    underKey: (keyId, after, limit) => store.underKey(keyId, after?.secretId, limit),
    contextOf: wrappingContext,
    nameOf: ({ secretId }) => secretId,
    replace: (rewrapped) =>
      store.replaceWrappedKeys(rewrapped.map(({ row, to }) => ({ secretId: row.secretId, from: row.wrappedKey, to }))),
  };
}

/** The record proves what it was sealed for. This compares that with the request. */
function requireSame(binding: SecretBinding, secretId: string, { binding: stored, ...secret }: SealedSecret): void {
  const isSame =
    secret.secretId === secretId &&
    stored.projectId === binding.projectId &&
    stored.registryId === binding.registryId &&
    stored.credentialVersion === binding.credentialVersion &&
    stored.host === binding.host;
  if (!isSame) throw new SecretIntegrityError('the record belongs to another project, registry, version or host');
}

function digestOf({ secretId, digest }: SecretRef): Buffer {
  if (!isUuid(secretId) || !/^[0-9a-f]{64}$/.test(digest)) {
    throw new SecretIntegrityError('the reference to the secret is malformed');
  }
  return Buffer.from(digest, 'hex');
}

/** If the database refused a value, it would fail the rest of the batch; if it changed one, the secret could not be opened. */
function checkBinding({ projectId, registryId, credentialVersion, host }: SecretBinding): void {
  const isKept = (text: string) => text !== '' && isWellFormed(text) && !text.includes('\0');
  const isVersion = Number.isInteger(credentialVersion) && credentialVersion > 0 && credentialVersion < 2 ** 31;
  if (!isKept(projectId) || !isKept(host) || !isUuid(registryId) || !isVersion) {
    throw new TypeError('a secret cannot be bound to this project, registry, version and host');
  }
}
