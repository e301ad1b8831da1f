import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { SecretIntegrityError } from '../../application/ports/vault.ts';
import { decrypt, encrypt, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './authenticated-encryption.ts';
import { createKeyFile, type KeyFile, KeyRingError, readKeyFile, removeDrafts } from './key-file.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import type { WrappedKey } from './secret-stores.ts';

/**
 * The key-encryption keys: one wraps, all unwrap. `context` must be the same for both; the wrapped key is bound to it but
 * does not store it. Asynchronous, so that the keys can stay in a key management service that never hands them out.
 */
export interface KeyRing {
  /** The key that wraps. */
  readonly primaryKeyId: number;
  readonly keyIds: readonly number[];
  /** `keyId`: a key other than the primary one, for its check value only. */
  wrap(dataKey: Uint8Array, context: Uint8Array, keyId?: number): Promise<WrappedKey>;
  /**
   * The caller zeroes the result.
   * @throws SecretIntegrityError
   */
  unwrap(wrapped: WrappedKey, context: Uint8Array): Promise<Buffer>;
}

export interface KeyRingOptions {
  /** Absolute path of the key file; key-file.ts describes its format. */
  readonly file: string;
  /** Creates a file with one new key if there is none. Processes that do this at the same time get the same key. */
  readonly createIfMissing: boolean;
}

/** @throws KeyRingError that names the file and, if a key is at fault, its id */
export async function loadKeyRing({ file, createIfMissing }: KeyRingOptions): Promise<KeyRing> {
  if (createIfMissing) await removeDrafts(file);
  let keyFile = await readKeyFile(file);
  if (keyFile === undefined && createIfMissing) {
    await createKeyFile(file);
    keyFile = await readKeyFile(file);
  }
  if (keyFile === undefined) {
    throw new KeyRingError(
      `The key file ${file} does not exist. Restore it, or create a new one for an empty database: (umask 077; echo "1 $(openssl rand -base64 32)" > ${file})`,
    );
  }
  return createLocalKeyRing(keyFile);
}

/**
 * AES-256-GCM with a random nonce for each wrapping, so one key must not wrap more than 2^32 times (NIST SP 800-38D,
 * section 8.3). Zeroes the bytes of `keys`.
 */
export function createLocalKeyRing({ primaryKeyId, keys }: KeyFile): KeyRing {
  // A KeyObject does not reveal its bytes when it is printed or serialised.
  const keyObjects = new Map<number, KeyObject>();
  for (const { id, bytes } of keys) {
    keyObjects.set(id, createSecretKey(bytes));
    bytes.fill(0);
  }
  const keyOf = (keyId: number): KeyObject => {
    const key = keyObjects.get(keyId);
    if (key === undefined) throw new SecretIntegrityError(`key ${keyId} is not in the key ring`);
    return key;
  };

  return {
    primaryKeyId,
    keyIds: [...keyObjects.keys()],

    async wrap(dataKey, context, keyId = primaryKeyId) {
      const nonce = randomBytes(NONCE_BYTES);
      const { ciphertext, tag } = encrypt(keyOf(keyId), nonce, bound(keyId, context), dataKey);
      return { keyId, bytes: Buffer.concat([nonce, ciphertext, tag]) };
    },

    async unwrap({ keyId, bytes }, context) {
      if (bytes.length !== NONCE_BYTES + KEY_BYTES + TAG_BYTES) {
        throw new SecretIntegrityError('the wrapped key has the wrong length');
      }
      const tagStart = NONCE_BYTES + KEY_BYTES;
      return decrypt(keyOf(keyId), bytes.subarray(0, NONCE_BYTES), bound(keyId, context), {
        ciphertext: bytes.subarray(NONCE_BYTES, tagStart),
        tag: bytes.subarray(tagStart),
      });
    },
  };
}

function bound(keyId: number, context: Uint8Array): Buffer {
  return lengthPrefixed('purser key wrapping', keyId, context);
}
