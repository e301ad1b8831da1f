import type { QueryResultRow } from 'pg';
import { SILENT } from '../../../src/adapters/postgres/logger.ts';
import { createSealedSecretStore } from '../../../src/adapters/postgres/vault/sealed-secret-store.ts';
import type { KeyRing } from '../../../src/adapters/vault/key-ring.ts';
import type { SealedSecretStore } from '../../../src/adapters/vault/secret-stores.ts';
import { createVault, type SealingVault } from '../../../src/adapters/vault/vault.ts';
import type { LoginCredential, SecretBinding } from '../../../src/application/ports/vault.ts';
import type { SecretRef } from '../../../src/domain/credential.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { withClient } from '../../support/server-databases.ts';
import { keyRingWith, someBinding, someCredential } from './sealed-records.ts';

/** A vault with its own database. The database is exposed for changes that the vault never makes. */
export interface VaultFixture {
  readonly vault: SealingVault;
  readonly store: SealedSecretStore;
  readonly connectionString: string;
  /** Another vault on the same database, like that of another replica, or with another key ring. */
  vaultWith(keyRing: KeyRing): SealingVault;
  sql<Row extends QueryResultRow = QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export interface SealedCredential {
  readonly binding: SecretBinding;
  readonly credential: LoginCredential;
  readonly ref: SecretRef;
}

export async function createVaultFixture(keyRing = keyRingWith(1)): Promise<VaultFixture> {
  const { connectionString } = await createTestDatabase();
  const vaults: SealingVault[] = [];
  const vaultOn = (store: SealedSecretStore, ring: KeyRing): SealingVault => {
    const vault = createVault({ keyRing: ring, store });
    vaults.push(vault);
    return vault;
  };
  const store = createSealedSecretStore({ connectionString, logger: SILENT });
  return {
    vault: vaultOn(store, keyRing),
    store,
    connectionString,
    vaultWith: (ring) => vaultOn(createSealedSecretStore({ connectionString, logger: SILENT }), ring),
    sql: (text, values = []) =>
      withClient(connectionString, async (client) => (await client.query(text, [...values])).rows),
    close: async () => {
      await Promise.all(vaults.map((vault) => vault.close()));
    },
  };
}

export async function sealSome(
  { vault }: Pick<VaultFixture, 'vault'>,
  label: string,
  changes: Partial<SecretBinding> = {},
): Promise<SealedCredential> {
  const binding = someBinding(changes);
  const credential = someCredential(label);
  return { binding, credential, ref: await vault.seal(binding, credential) };
}

export async function sealMany(
  fixture: Pick<VaultFixture, 'vault'>,
  count: number,
  label: string,
): Promise<SealedCredential[]> {
  return Promise.all(Array.from({ length: count }, () => sealSome(fixture, label)));
}

/** Whether the vault returns the sealed credential. Returns a boolean, so that no assertion prints the password. */
export async function opens(vault: SealingVault, { binding, credential, ref }: SealedCredential): Promise<boolean> {
  const opened = await vault.open(binding, ref);
  return opened?.username === credential.username && opened.password.reveal() === credential.password.reveal();
}
