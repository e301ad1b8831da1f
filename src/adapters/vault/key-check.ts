import { SecretIntegrityError } from '../../application/ports/vault.ts';
import { KEY_BYTES } from './authenticated-encryption.ts';
import { keyFaultOf } from './key-encryption-key.ts';
import { KeyRingError } from './key-file-format.ts';
import type { KeyRing } from './key-ring.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import { wrappingContext } from './record-cipher.ts';
import type { KeyRecordStore, SealedSecretStore, WrappedKey } from './secret-stores.ts';

/** Sealed under each key, so that only this key opens its check value. What it says does not matter. */
const CHECKED = Buffer.alloc(KEY_BYTES);

/** One damaged row must not look like a wrong key. */
const SAMPLES = 5;

/**
 * Checks that every key of the key ring is the one that this database knows under its id, and makes new ids known. Of two
 * processes that start with different keys under one id, the second one fails.
 * @throws KeyRingError that names the id
 */
export async function checkKeyIds(
  keyRing: KeyRing,
  store: Pick<KeyRecordStore, 'keyChecks' | 'addKeyCheck' | 'retiredKeyIds'>,
): Promise<void> {
  if ((await store.retiredKeyIds()).includes(keyRing.primaryKeyId)) {
    throw new KeyRingError(
      `Key ${keyRing.primaryKeyId} is primary in the key file, but it was retired: mark another key there as primary.`,
    );
  }
  const checks = await store.keyChecks();
  // Before anything is added: a file with one wrong key takes no id for its others.
  await requireCheckedKeys(keyRing, checks);
  const known = new Set(checks.map(({ keyId }) => keyId));
  for (const keyId of keyRing.keyIds) {
    if (!known.has(keyId)) await store.addKeyCheck(await keyRing.wrap(CHECKED, checkContext(keyId), keyId));
  }
  await requireCheckedKeys(keyRing, await store.keyChecks());
  // An external key may open what it may no longer seal.
  await keyRing.wrap(CHECKED, checkContext(keyRing.primaryKeyId));
}

/** The same fault, as one that a start is refused for; any other error as it is. */
export function asKeyRingError(error: unknown): unknown {
  const fault = keyFaultOf(error);
  if (fault === undefined) return error;
  const then = fault.kind === 'outage' ? ' Start again once it answers.' : '';
  return new KeyRingError(`${fault.message}${then}`, { cause: error });
}

/** Keys that are not in the key ring are passed over. @throws KeyRingError that names the id */
export async function requireCheckedKeys(keyRing: KeyRing, checks: readonly WrappedKey[]): Promise<void> {
  for (const check of checks) {
    if (keyRing.keyIds.includes(check.keyId)) await requireSameKey(keyRing, check);
  }
}

async function requireSameKey(keyRing: KeyRing, check: WrappedKey): Promise<void> {
  const { keyId } = check;
  try {
    await keyRing.unwrap(check, checkContext(keyId));
  } catch (error) {
    if (!(error instanceof SecretIntegrityError)) throw error;
    throw new KeyRingError(
      `Key ${keyId} of the key file is not the key ${keyId} that this database was first used with. Restore that key, or give yours another id.`,
      { cause: error },
    );
  }
}

function checkContext(keyId: number): Buffer {
  return lengthPrefixed('purser key check', keyId);
}

/** For a key file that was changed while the service runs. @throws KeyRingError that names the key that it lacks */
export async function requireNeededKeys(
  changed: KeyRing,
  before: KeyRing,
  store: Pick<KeyRecordStore, 'isNeeded'>,
): Promise<void> {
  for (const keyId of before.keyIds) {
    if (changed.keyIds.includes(keyId) || !(await store.isNeeded(keyId))) continue;
    throw new KeyRingError(
      `Key ${keyId} is needed, and the changed key file lacks it: restore it. Until then the keys from before stay in use.`,
    );
  }
}

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
