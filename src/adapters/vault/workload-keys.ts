import { createPrivateKey, createPublicKey, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { type CryptoKey, calculateJwkThumbprint, importPKCS8 } from 'jose';
import type { PublicJwk } from '../../application/ports/workload-tokens.ts';
import { dueKey, nextKey, publishedKeys, type WorkloadKeyTimes } from '../../domain/workload-keys.ts';
import { decrypt, encrypt, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './authenticated-encryption.ts';
import type { KeyRing } from './key-ring.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import type { StoredWorkloadKey, WorkloadKeyStore } from './secret-stores.ts';
import { asUnopened, type KindOfKey, rewrapRows, unwrapRow } from './wrapped-keys.ts';

const KIND: KindOfKey<WorkloadKeyTimes> = {
  name: 'Workload key',
  table: 'vault.workload_keys',
  orElse: ', or delete the row: a new key is made then',
  context: ({ id, signsFrom }) => lengthPrefixed('purser workload key', id, String(signsFrom)),
};
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

/** Brings the keys under the primary key. */
export async function rewrapWorkloadKeys(
  keyRing: KeyRing,
  store: WorkloadKeyStore,
): Promise<{ readonly rewrapped: number; readonly unreadable: readonly number[] }> {
  return rewrapRows(keyRing, KIND, await store.workloadKeys(), (id, from, to) =>
    store.replaceWorkloadKey(id, from, to),
  );
}

async function sealedKey(keyRing: KeyRing, key: WorkloadKeyTimes): Promise<StoredWorkloadKey> {
  const { privateKey } = await newKeyPair('rsa', { modulusLength: MODULUS_BITS });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const dataKey = randomBytes(KEY_BYTES);
  try {
    const nonce = randomBytes(NONCE_BYTES);
    const { ciphertext, tag } = encrypt(dataKey, nonce, KIND.context(key), der);
    const wrappedKey = await keyRing.wrap(dataKey, KIND.context(key));
    return { ...key, wrappedKey, sealedKey: Buffer.concat([nonce, ciphertext, tag]) };
  } finally {
    der.fill(0);
    dataKey.fill(0);
  }
}

async function unseal(keyRing: KeyRing, stored: StoredWorkloadKey): Promise<Buffer> {
  const { sealedKey: sealed } = stored;
  const dataKey = await unwrapRow(keyRing, KIND, stored);
  try {
    const tagStart = sealed.length - TAG_BYTES;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const encrypted = { ciphertext: sealed.subarray(NONCE_BYTES, tagStart), tag: sealed.subarray(tagStart) };
    return decrypt(dataKey, nonce, KIND.context(stored), encrypted);
  } catch (error) {
    throw asUnopened(KIND, stored, error);
  } finally {
    dataKey.fill(0);
  }
}
