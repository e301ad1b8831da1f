import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { SecretIntegrityError } from '../../application/ports/vault.ts';
import { decrypt, encrypt, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './authenticated-encryption.ts';
import type { KeyEncryptionKey } from './key-encryption-key.ts';
import { createKeyFile, readKeyFile, removeDrafts } from './key-file.ts';
import { type ExternalKey, type KeyFile, KeyRingError, type LocalKey } from './key-file-format.ts';
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

/** @throws KeyRingError if keys of this kind are not configured */
export type OpenExternalKey = (key: ExternalKey) => KeyEncryptionKey;

export interface KeyRingOptions {
  /** Absolute path of the key file; key-file.ts describes its format. */
  readonly file: string;
  /** Creates a file with one new key if there is none. Processes that do this at the same time get the same key. */
  readonly createIfMissing: boolean;
  /** Default: external keys are refused. */
  readonly openExternal?: OpenExternalKey;
}

/** @throws KeyRingError that names the file and, if a key is at fault, its id */
export async function loadKeyRing({ file, createIfMissing, openExternal }: KeyRingOptions): Promise<KeyRing> {
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
  return createKeyRing(keyFile, openExternal);
}

/** Zeroes the bytes of `keys`. @throws KeyRingError */
export function createKeyRing({ primaryKeyId, keys }: KeyFile, openExternal: OpenExternalKey = refuse): KeyRing {
  const opened = new Map<number, KeyEncryptionKey>();
  for (const key of keys) opened.set(key.id, key.kind === 'local' ? localKey(key) : openExternal(key));
  const keyOf = (keyId: number): KeyEncryptionKey => {
    const key = opened.get(keyId);
    if (key === undefined) throw new SecretIntegrityError(`key ${keyId} is not in the key ring`);
    return key;
  };
  return {
    primaryKeyId,
    keyIds: [...opened.keys()],
    async wrap(dataKey, context, keyId = primaryKeyId) {
      return { keyId, bytes: await keyOf(keyId).wrap(dataKey, bound(keyId, context)) };
    },
    unwrap: async ({ keyId, bytes }, context) => keyOf(keyId).unwrap(bytes, bound(keyId, context)),
  };
}

function refuse({ id }: ExternalKey): never {
  throw new KeyRingError(`Key ${id} of the key file is an external key, which cannot be used here.`);
}

/**
 * AES-256-GCM with a random nonce for each wrapping, so one key must not wrap more than 2^32 times (NIST SP 800-38D,
 * section 8.3).
 */
function localKey({ bytes: keyBytes }: LocalKey): KeyEncryptionKey {
  // A KeyObject does not reveal its bytes when it is printed or serialised.
  const key: KeyObject = createSecretKey(keyBytes);
  keyBytes.fill(0);
  return {
    async wrap(dataKey, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const { ciphertext, tag } = encrypt(key, nonce, context, dataKey);
      return Buffer.concat([nonce, ciphertext, tag]);
    },

    async unwrap(wrapped, context) {
      if (wrapped.length !== NONCE_BYTES + KEY_BYTES + TAG_BYTES) {
        throw new SecretIntegrityError('the wrapped key has the wrong length');
      }
      const tagStart = NONCE_BYTES + KEY_BYTES;
      return decrypt(key, wrapped.subarray(0, NONCE_BYTES), context, {
        ciphertext: wrapped.subarray(NONCE_BYTES, tagStart),
        tag: wrapped.subarray(tagStart),
      });
    },
  };
}

function bound(keyId: number, context: Uint8Array): Buffer {
  return lengthPrefixed('purser key wrapping', keyId, context);
}
