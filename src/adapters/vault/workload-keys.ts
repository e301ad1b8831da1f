import { createPrivateKey, createPublicKey, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { type CryptoKey, calculateJwkThumbprint, importPKCS8 } from 'jose';
import { SecretIntegrityError } from '../../application/ports/vault.ts';
import type { PublicJwk } from '../../application/ports/workload-tokens.ts';
import { dueKey, nextKey, publishedKeys, type WorkloadKeyTimes } from '../../domain/workload-keys.ts';
import { decrypt, encrypt, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './authenticated-encryption.ts';
import { KeyRingError } from './key-file-format.ts';
import type { KeyRing } from './key-ring.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import type { StoredWorkloadKey, WorkloadKeyStore } from './secret-stores.ts';

const TABLE = '(table vault.workload_keys)';
const MODULUS_BITS = 2048;
const newKeyPair = promisify(generateKeyPair);

export interface OpenedWorkloadKey extends WorkloadKeyTimes {
  readonly privateKey: CryptoKey;
  readonly publicKey: PublicJwk;
}

/**
 * The first key, and the next one when it is due. Processes that do this at the same time get the same keys. Keys that are
 * no longer published are destroyed.
 * @param now milliseconds since 1970
 * @returns the id of the key that was made; undefined if none was due
 */
export async function keepWorkloadKeys(
  keyRing: KeyRing,
  store: WorkloadKeyStore,
  now: number,
): Promise<number | undefined> {
  const stored = await store.workloadKeys();
  const due = dueKey(stored, now);
  if (due !== undefined) await store.addWorkloadKey(await sealedKey(keyRing, due));
  const [oldest] = publishedKeys(stored, now);
  if (oldest !== undefined && stored.some(({ id }) => id < oldest.id)) await store.removeWorkloadKeys(oldest.id);
  return due?.id;
}

/**
 * Makes the next key. It signs once it has been published for a week; with `atOnce` now, and all others are destroyed.
 * @returns undefined if another process made one meanwhile
 */
export async function addWorkloadKey(
  keyRing: KeyRing,
  store: WorkloadKeyStore,
  { now, atOnce }: { readonly now: number; readonly atOnce: boolean },
): Promise<WorkloadKeyTimes | undefined> {
  const next = nextKey(await store.workloadKeys(), now);
  const key = atOnce ? { ...next, signsFrom: now } : next;
  if (!(await store.addWorkloadKey(await sealedKey(keyRing, key)))) return undefined;
  if (atOnce) await store.removeWorkloadKeys(key.id);
  return key;
}

/** @throws KeyRingError that names the key that does not open */
export async function openWorkloadKey(keyRing: KeyRing, stored: StoredWorkloadKey): Promise<OpenedWorkloadKey> {
  const { id, signsFrom } = stored;
  const der = await unseal(keyRing, stored);
  try {
    const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const { n = '', e = '' } = createPublicKey(pem).export({ format: 'jwk' });
    const kid = await calculateJwkThumbprint({ kty: 'RSA', n, e });
    const privateKey = await importPKCS8(String(pem.export({ format: 'pem', type: 'pkcs8' })), 'RS256');
    return { id, signsFrom, privateKey, publicKey: { kid, kty: 'RSA', alg: 'RS256', use: 'sig', n, e } };
  } finally {
    der.fill(0);
  }
}

/** @throws KeyRingError that names the key that does not open */
export async function requireWorkloadKeys(
  keyRing: KeyRing,
  store: Pick<WorkloadKeyStore, 'workloadKeys'>,
): Promise<void> {
  for (const key of await store.workloadKeys()) await openWorkloadKey(keyRing, key);
}

/** Brings the keys under the primary key. Only what the key ring wraps changes. */
export async function rewrapWorkloadKeys(
  keyRing: KeyRing,
  store: WorkloadKeyStore,
): Promise<{ readonly rewrapped: number; readonly unreadable: readonly number[] }> {
  const unreadable: number[] = [];
  let rewrapped = 0;
  for (const key of await store.workloadKeys()) {
    if (key.wrappedKey.keyId === keyRing.primaryKeyId) continue;
    try {
      const dataKey = await unwrap(keyRing, key);
      const to = await keyRing.wrap(dataKey, context(key)).finally(() => dataKey.fill(0));
      if (await store.replaceWorkloadKey(key.id, key.wrappedKey, to)) rewrapped += 1;
    } catch (error) {
      if (!(error instanceof KeyRingError)) throw error;
      unreadable.push(key.id);
    }
  }
  return { rewrapped, unreadable };
}

async function sealedKey(keyRing: KeyRing, key: WorkloadKeyTimes): Promise<StoredWorkloadKey> {
  const { privateKey } = await newKeyPair('rsa', { modulusLength: MODULUS_BITS });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const dataKey = randomBytes(KEY_BYTES);
  try {
    const nonce = randomBytes(NONCE_BYTES);
    const { ciphertext, tag } = encrypt(dataKey, nonce, context(key), der);
    const wrappedKey = await keyRing.wrap(dataKey, context(key));
    return { ...key, wrappedKey, sealedKey: Buffer.concat([nonce, ciphertext, tag]) };
  } finally {
    der.fill(0);
    dataKey.fill(0);
  }
}

async function unseal(keyRing: KeyRing, stored: StoredWorkloadKey): Promise<Buffer> {
  const { id, sealedKey: sealed, wrappedKey } = stored;
  const dataKey = await unwrap(keyRing, stored);
  try {
    const tagStart = sealed.length - TAG_BYTES;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const encrypted = { ciphertext: sealed.subarray(NONCE_BYTES, tagStart), tag: sealed.subarray(tagStart) };
    return decrypt(dataKey, nonce, context(stored), encrypted);
  } catch (error) {
    throw asChanged(error, id, wrappedKey.keyId);
  } finally {
    dataKey.fill(0);
  }
}

async function unwrap(keyRing: KeyRing, key: StoredWorkloadKey): Promise<Buffer> {
  const { keyId } = key.wrappedKey;
  if (!keyRing.keyIds.includes(keyId)) {
    throw new KeyRingError(
      `Workload key ${key.id} ${TABLE} is wrapped by key ${keyId}, which is not in the key file: restore key ${keyId}.`,
    );
  }
  try {
    return await keyRing.unwrap(key.wrappedKey, context(key));
  } catch (error) {
    throw asChanged(error, key.id, keyId);
  }
}

function asChanged(error: unknown, id: number, keyId: number): unknown {
  if (!(error instanceof SecretIntegrityError)) return error;
  return new KeyRingError(
    `Workload key ${id} ${TABLE} does not open with key ${keyId} of the key file: its row was changed. Restore it from a backup, or delete the row: a new key is made then.`,
    { cause: error },
  );
}

function context({ id, signsFrom }: WorkloadKeyTimes): Buffer {
  return lengthPrefixed('purser workload key', id, String(signsFrom));
}
