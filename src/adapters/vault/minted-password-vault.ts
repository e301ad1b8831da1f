import type { MintedPasswordKey, MintedPasswordVault } from '../../application/ports/minted-password-vault.ts';
import { type SecretBinding, SecretIntegrityError } from '../../application/ports/vault.ts';
import { uuidV5 } from '../../domain/identity.ts';
import type { KeyRing } from './key-ring.ts';
import { openRecord, sealRecord, wrappingContext } from './record-cipher.ts';
import type { WrappedRows } from './rewrap.ts';
import type { MintedPasswordStore, SealedMintedPassword, WrappedKey } from './secret-stores.ts';

/** Part of every record's id, so it must never change. */
const MINTED_NAMESPACE = '0d2f8ad5-59a9-4a39-8a8e-7a3c1e1f4a60';

export interface MintedPasswordVaultDeps {
  readonly keyRing: KeyRing;
  /** Closed with the vault. */
  readonly store: MintedPasswordStore;
}

export function createMintedPasswordVault({ keyRing, store }: MintedPasswordVaultDeps): MintedPasswordVault {
  return {
    async find(key) {
      const sealed = await store.find(key.sourceSecretId, key.purpose);
      if (sealed === undefined) return undefined;
      const { issuedAt, expiresAt, record } = sealed;
      requireSame(key, sealed);
      const login = await openRecord(keyRing, { ...record, secretId: recordId(sealed) }, record.digest);
      return { ...login, issuedAt, expiresAt };
    },

    async keep({ binding, sourceSecretId, purpose }, { username, password, issuedAt, expiresAt }) {
      const times = { sourceSecretId, purpose, issuedAt, expiresAt };
      const { secretId: _, ...record } = await sealRecord(keyRing, recordId(times), binding, { username, password });
      return store.replace({ ...times, record });
    },

    removeExpired: () => store.removeExpired(),
    close: () => store.close(),
  };
}

/** A minted password, for a change of the primary key. */
interface MintedRow {
  readonly sealed: SealedMintedPassword;
  readonly wrappedKey: WrappedKey;
}

export function mintedPasswordRows(store: MintedPasswordStore): WrappedRows<MintedRow> {
  return {
    keyIdsInUse: () => store.keyIdsInUse(),
    async underKey(keyId, after, limit) {
      const passwords = await store.underKey(keyId, after?.sealed, limit);
      return passwords.map((sealed) => ({ sealed, wrappedKey: sealed.record.wrappedKey }));
    },
    contextOf: ({ sealed }) => wrappingContext({ ...sealed.record, secretId: recordId(sealed) }),
    nameOf: ({ sealed }) => recordId(sealed),
    replace: (rewrapped) =>
      store.replaceWrappedKeys(
        rewrapped.map(({ row: { sealed, wrappedKey }, to }) => ({ ...sealed, from: wrappedKey, to })),
      ),
  };
}

/**
 * The record's id, to which its key is bound. It derives from the other columns of the row, so that none of them can be
 * changed: with a moved expiry date, or a push password in place of a pull password, the id differs.
 */
function recordId(sealed: Omit<SealedMintedPassword, 'record'>): string {
  const { sourceSecretId, purpose, issuedAt, expiresAt } = sealed;
  return uuidV5(MINTED_NAMESPACE, JSON.stringify([sourceSecretId, purpose, issuedAt, expiresAt]));
}

/** The record proves what it was sealed for. This compares that with the request. */
function requireSame({ binding, sourceSecretId, purpose }: MintedPasswordKey, sealed: SealedMintedPassword): void {
  const isSame = sealed.sourceSecretId === sourceSecretId && sealed.purpose === purpose;
  if (!isSame || !isSameBinding(binding, sealed.record.binding)) {
    throw new SecretIntegrityError(`the password minted from ${sourceSecretId} belongs to another credential`);
  }
}

function isSameBinding(a: SecretBinding, b: SecretBinding): boolean {
  return (
    a.projectId === b.projectId &&
    a.registryId === b.registryId &&
    a.credentialVersion === b.credentialVersion &&
    a.host === b.host
  );
}
