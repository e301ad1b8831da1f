import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { AuditSigner } from '../../application/ports/audit-heads.ts';
import {
  auditKeyId,
  ed25519PublicKey,
  HEAD_FORMAT,
  isSignedBy,
  type SignedAuditHead,
  signedBytes,
} from '../../domain/audit-head.ts';
import { KEY_BYTES } from './authenticated-encryption.ts';
import { KeyRingError } from './key-file-format.ts';
import type { KeyRing } from './key-ring.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import type { AuditKeyStore, StoredAuditKey } from './secret-stores.ts';
import { type KindOfKey, rowChanged, unwrapRow, type WrappedRow } from './wrapped-keys.ts';

/** RFC 8410: what stands before the 32 bytes of an Ed25519 private key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const KIND: KindOfKey<Pick<WrappedRow, 'id'>> = {
  name: 'Audit key',
  table: 'vault.audit_keys',
  context: ({ id }) => lengthPrefixed('purser audit key', id),
};

interface SigningKey {
  readonly id: number;
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/**
 * Signs heads of audit chains by the newest key. The first process that starts makes one, and all others get the same.
 * With signed heads in the database no key is made: the missing one is to be restored. @throws KeyRingError
 */
export async function loadAuditSigner(keyRing: KeyRing, store: AuditKeyStore): Promise<AuditSigner> {
  const last = await store.lastHead();
  if (last === undefined && (await store.auditKeys()).length === 0) await addKey(keyRing, store, 1);
  const stored = await store.auditKeys();
  let signing = await unwrapNewest(keyRing, stored);
  if (last !== undefined) requireSigner(last, stored);

  return {
    async refresh() {
      const keys = await store.auditKeys();
      if (keys.at(-1)?.id !== signing.id) signing = await unwrapNewest(keyRing, keys);
    },
    sign(head) {
      const unsigned = { format: HEAD_FORMAT, ...head, keyId: signing.keyId };
      return { ...unsigned, signature: sign(null, signedBytes(unsigned), signing.privateKey).toString('base64') };
    },
  };
}

/** Like `loadAuditSigner`, but makes no key: a database without any was never used. @throws KeyRingError */
export async function requireAuditKey(
  keyRing: KeyRing,
  store: Pick<AuditKeyStore, 'auditKeys' | 'lastHead'>,
): Promise<void> {
  const [last, stored] = [await store.lastHead(), await store.auditKeys()];
  if (last === undefined && stored.length === 0) return;
  await unwrapNewest(keyRing, stored);
  if (last !== undefined) requireSigner(last, stored);
}

/**
 * With a new primary key of the key ring, a new signing key takes the place of the old one, whose private half is
 * destroyed. It may be killed at any time: the next run goes on.
 * @returns the new key's id and public half; undefined if no key was replaced
 */
export async function replaceAuditKey(
  keyRing: KeyRing,
  store: AuditKeyStore,
): Promise<{ readonly keyId: string; readonly publicKey: string } | undefined> {
  const newest = (await store.auditKeys()).at(-1);
  if (newest === undefined) return undefined;
  if (newest.wrappedKey?.keyId !== keyRing.primaryKeyId) await addKey(keyRing, store, newest.id + 1);
  const [signing, ...others] = (await store.auditKeys()).toReversed();
  // Also one that a run has replaced which ended before the next line.
  if (signing === undefined || others.every(({ wrappedKey }) => wrappedKey === null)) return undefined;
  await store.retireAuditKeys(signing.id - 1);
  return { keyId: signing.keyId, publicKey: signing.publicKey.toString('base64') };
}

/** Does nothing if another process was quicker. */
async function addKey(keyRing: KeyRing, store: AuditKeyStore, id: number): Promise<void> {
  const seed = randomBytes(KEY_BYTES);
  try {
    const publicKey = publicHalf(privateKeyOf(seed));
    const wrappedKey = await keyRing.wrap(seed, KIND.context({ id }));
    await store.addAuditKey({ id, keyId: auditKeyId(publicKey), publicKey, wrappedKey });
  } finally {
    seed.fill(0);
  }
}

async function unwrapNewest(keyRing: KeyRing, stored: readonly StoredAuditKey[]): Promise<SigningKey> {
  const key = stored.at(-1);
  if (key === undefined || key.wrappedKey === null) {
    throw new KeyRingError(
      'There are signed heads of audit logs, but the key that signs them is missing: the table vault.audit_keys has no key in use. Restore its rows from a backup.',
    );
  }
  const { id, wrappedKey } = key;
  const seed = await unwrapRow(keyRing, KIND, { id, wrappedKey });
  const privateKey = privateKeyOf(seed);
  seed.fill(0);
  const isPair = publicHalf(privateKey).equals(key.publicKey) && auditKeyId(key.publicKey) === key.keyId;
  if (!isPair) throw rowChanged(KIND, key, 'has another public key than its private key');
  return { id, keyId: key.keyId, privateKey };
}

/** A row that was replaced by the key of another database opens too, but has signed nothing here. */
function requireSigner(last: SignedAuditHead, stored: readonly StoredAuditKey[]): void {
  const key = stored.find(({ keyId }) => keyId === last.keyId);
  if (key !== undefined && isSignedBy(last, ed25519PublicKey(key.publicKey))) return;
  throw new KeyRingError(
    `The newest signed head of audit logs (table log.signed_heads) is signed by key ${last.keyId}, and by no key of the table vault.audit_keys. Restore the rows of both tables from a backup.`,
  );
}

function privateKeyOf(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    der.fill(0);
  }
}

function publicHalf(privateKey: KeyObject): Buffer {
  return Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '', 'base64url');
}
