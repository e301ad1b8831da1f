import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { SecretIntegrityError } from '../../application/ports/vault.ts';

const ALGORITHM = 'aes-256-gcm';
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

export interface Encrypted {
  /** As long as the plaintext. */
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** AES-256-GCM. The same key and nonce must never be used for two messages. */
export function encrypt(
  key: KeyObject | Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Encrypted {
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData);
  const ciphertext = cipher.update(plaintext);
  // GCM is a stream mode: `final` returns no bytes.
  cipher.final();
  return { ciphertext, tag: cipher.getAuthTag() };
}

/**
 * Returns the plaintext only after all of it was authenticated. The caller zeroes it.
 * @throws SecretIntegrityError
 */
export function decrypt(
  key: KeyObject | Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  { ciphertext, tag }: Encrypted,
): Buffer {
  // Without this check node:crypto accepts tags of 4 bytes, which can be guessed.
  if (tag.length !== TAG_BYTES) throw new SecretIntegrityError('the authentication tag has the wrong length');
  if (nonce.length !== NONCE_BYTES) throw new SecretIntegrityError('the nonce has the wrong length');
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData);
  decipher.setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw new SecretIntegrityError('the authentication tag does not match');
  }
  return plaintext;
}
