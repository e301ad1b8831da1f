import { SecretIntegrityError } from '../../application/ports/vault.ts';
import { KeyRingError } from './key-file.ts';
import type { KeyRing } from './key-ring.ts';
import { wrappingContext } from './record-cipher.ts';
import type { SealedSecretStore } from './secret-stores.ts';

/** One damaged row must not look like a wrong key. */
const SAMPLES = 5;

/**
 * Checks that the key ring has every key that stored secrets are sealed under, and that each is still the same key.
 * @throws KeyRingError
 */
export async function checkKeys(keyRing: KeyRing, store: SealedSecretStore): Promise<void> {
  for (const keyId of await store.keyIdsInUse()) {
    if (!keyRing.keyIds.includes(keyId)) {
      throw new KeyRingError(`Secrets are sealed under key ${keyId}, which is not in the key ring: restore it.`);
    }
    if (!(await opensAny(keyRing, store, keyId))) {
      throw new KeyRingError(
        `Key ${keyId} of the key ring is not the key ${keyId} that secrets are sealed under: restore the original key.`,
      );
    }
  }
}

async function opensAny(keyRing: KeyRing, store: SealedSecretStore, keyId: number): Promise<boolean> {
  const samples = await store.underKey(keyId, undefined, SAMPLES);
  for (const secret of samples) {
    try {
      (await keyRing.unwrap(secret.wrappedKey, wrappingContext(secret))).fill(0);
      return true;
    } catch (error) {
      if (!(error instanceof SecretIntegrityError)) throw error;
    }
  }
  // Without samples, the secrets were destroyed in the meantime.
  return samples.length === 0;
}
