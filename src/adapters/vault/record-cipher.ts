import { createHash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { type LoginCredential, type SecretBinding, SecretIntegrityError } from '../../application/ports/vault.ts';
import { decrypt, encrypt, KEY_BYTES, NONCE_BYTES, TAG_BYTES } from './authenticated-encryption.ts';
import { decodeCredential, encodeCredential, PADDED_SIZES } from './credential-encoding.ts';
import type { KeyRing } from './key-ring.ts';
import { lengthPrefixed } from './length-prefixed.ts';
import type { KeyedSecret, SealedSecret } from './secret-stores.ts';

/** The number of the record format: the meaning of the fields and how they are made. It never changes for a record. */
const FORMAT = 1;
const SUITE = 'HKDF-SHA-512 AES-256-GCM key-commitment-256';
const MESSAGE_ID_BYTES = 32;
const COMMITMENT_BYTES = 32;
/** A message key encrypts one message only, so the nonce can be constant. */
const NONCE = Buffer.alloc(NONCE_BYTES);

/** A record without its digest, and without the wrapped key, which a rotation of the key-encryption keys changes. */
type Message = Omit<SealedSecret, 'wrappedKey' | 'digest'>;

/**
 * Seals a credential under a new data key. The message key and the commitment derive from data key and message id. The
 * commitment ties the ciphertext to this one data key: GCM's tag alone does not.
 * @throws RangeError if user name and password together exceed `MAX_CREDENTIAL_BYTES`
 * @throws TypeError if one of them is not well-formed Unicode
 */
export async function sealRecord(
  keyRing: KeyRing,
  secretId: string,
  binding: SecretBinding,
  credential: LoginCredential,
): Promise<SealedSecret> {
  const dataKey = randomBytes(KEY_BYTES);
  try {
    const message = sealMessage(dataKey, secretId, binding, credential);
    const wrappedKey = await keyRing.wrap(dataKey, wrappingContext(message));
    return { ...message, wrappedKey, digest: recordDigest(message) };
  } finally {
    dataKey.fill(0);
  }
}

/**
 * Returns the credential if the record is intact and matches `digest`, which was stored elsewhere when the record was
 * made.
 * @throws SecretIntegrityError
 */
export async function openRecord(keyRing: KeyRing, record: SealedSecret, digest: Buffer): Promise<LoginCredential> {
  checkShape(record);
  const actual = recordDigest(record);
  if (!isEqual(actual, digest) || !isEqual(actual, record.digest)) throw fault('the digest does not match');
  const dataKey = await keyRing.unwrap(record.wrappedKey, wrappingContext(record));
  try {
    return openMessage(dataKey, record);
  } finally {
    dataKey.fill(0);
  }
}

/** SHA-256 of all fields but the wrapped key and its key's id, so that it stays the same when these are rotated. */
export function recordDigest(record: Message): Buffer {
  const { messageId, commitment, ciphertext } = record;
  return createHash('sha256')
    .update(lengthPrefixed('purser digest', record.secretId, ...boundFields(record), messageId, commitment, ciphertext))
    .digest();
}

/** The context that a wrapped data key is bound to, besides its key-encryption key. */
export function wrappingContext(record: Omit<KeyedSecret, 'wrappedKey'>): Buffer {
  return lengthPrefixed('purser data key', record.secretId, ...boundFields(record), record.messageId);
}

function sealMessage(
  dataKey: Uint8Array,
  secretId: string,
  binding: SecretBinding,
  credential: LoginCredential,
): Message {
  const plaintext = encodeCredential(credential);
  const messageId = randomBytes(MESSAGE_ID_BYTES);
  const header = { secretId, binding, format: FORMAT, messageId };
  const { messageKey, commitment } = deriveKeys(dataKey, messageId);
  try {
    const { ciphertext, tag } = encrypt(messageKey, NONCE, associatedData(header), plaintext);
    return { ...header, commitment, ciphertext: Buffer.concat([ciphertext, tag]) };
  } finally {
    messageKey.fill(0);
    plaintext.fill(0);
  }
}

function openMessage(dataKey: Uint8Array, record: Message): LoginCredential {
  const { messageKey, commitment } = deriveKeys(dataKey, record.messageId);
  try {
    if (!isEqual(commitment, record.commitment)) throw fault('the key commitment does not match');
    const tagStart = record.ciphertext.length - TAG_BYTES;
    const plaintext = decrypt(messageKey, NONCE, associatedData(record), {
      ciphertext: record.ciphertext.subarray(0, tagStart),
      tag: record.ciphertext.subarray(tagStart),
    });
    try {
      return decodeCredential(plaintext);
    } finally {
      plaintext.fill(0);
    }
  } finally {
    messageKey.fill(0);
  }
}

function deriveKeys(dataKey: Uint8Array, messageId: Uint8Array): { messageKey: Buffer; commitment: Buffer } {
  const length = KEY_BYTES + COMMITMENT_BYTES;
  const derived = Buffer.from(hkdfSync('sha512', dataKey, messageId, `purser message ${SUITE}`, length));
  return { messageKey: derived.subarray(0, KEY_BYTES), commitment: derived.subarray(KEY_BYTES) };
}

function associatedData(record: Pick<Message, 'format' | 'binding'>): Buffer {
  return lengthPrefixed('purser credential', ...boundFields(record));
}

function boundFields({ format, binding }: Pick<Message, 'format' | 'binding'>): (string | number)[] {
  const { projectId, registryId, credentialVersion, host } = binding;
  return [format, SUITE, projectId, registryId, credentialVersion, host];
}

function checkShape({ format, messageId, commitment, ciphertext }: Message): void {
  if (format !== FORMAT) throw fault(`the record has format ${format}, but this build supports only ${FORMAT}`);
  const hasKnownSize = PADDED_SIZES.some((size) => ciphertext.length === size + TAG_BYTES);
  if (messageId.length !== MESSAGE_ID_BYTES || commitment.length !== COMMITMENT_BYTES || !hasKnownSize) {
    throw fault('a field of the record has the wrong length');
  }
}

/** In constant time. */
function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function fault(message: string): SecretIntegrityError {
  return new SecretIntegrityError(message);
}
