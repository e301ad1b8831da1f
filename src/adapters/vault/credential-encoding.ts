import { type LoginCredential, SecretIntegrityError } from '../../application/ports/vault.ts';
import { Secret } from '../../domain/secret.ts';
import { isWellFormed } from '../../domain/text-rules.ts';

/** The sizes of plaintexts, in bytes. A ciphertext reveals only which of them the password fits into. */
export const PADDED_SIZES = [256, 1024, 4096, 16_384] as const;
const LENGTH_BYTES = 2;
const OVERHEAD = 2 * LENGTH_BYTES;

/** User name and password together, in bytes of UTF-8. */
export const MAX_CREDENTIAL_BYTES = PADDED_SIZES[3] - OVERHEAD;

/**
 * Encodes user name and password, each after its length (16 bits, big endian), and fills up with zeroes to the next fixed
 * size. The caller zeroes the result.
 * @throws RangeError if they are too long, TypeError if UTF-8 cannot encode them; neither error contains them
 */
export function encodeCredential({ username, password }: LoginCredential): Buffer {
  const value = password.reveal();
  if (!isWellFormed(username) || !isWellFormed(value)) throw new TypeError('the credential is not well-formed Unicode');
  const usernameBytes = Buffer.byteLength(username, 'utf8');
  const passwordBytes = Buffer.byteLength(value, 'utf8');
  const size = PADDED_SIZES.find((padded) => usernameBytes + passwordBytes + OVERHEAD <= padded);
  if (size === undefined) throw new RangeError(`the credential is longer than ${MAX_CREDENTIAL_BYTES} bytes`);

  // `alloc`, because it does not use the shared pool and fills with zeroes.
  const encoded = Buffer.alloc(size);
  let offset = encoded.writeUInt16BE(usernameBytes);
  offset += encoded.write(username, offset, 'utf8');
  offset = encoded.writeUInt16BE(passwordBytes, offset);
  encoded.write(value, offset, 'utf8');
  return encoded;
}

/** @throws SecretIntegrityError */
export function decodeCredential(encoded: Buffer): LoginCredential {
  const [username, afterUsername] = readText(encoded, 0);
  const [password, afterPassword] = readText(encoded, afterUsername);
  if (encoded.subarray(afterPassword).some((byte) => byte !== 0)) throw malformed();
  return { username, password: new Secret(password) };
}

function readText(encoded: Buffer, offset: number): [text: string, end: number] {
  const start = offset + LENGTH_BYTES;
  if (start > encoded.length) throw malformed();
  const end = start + encoded.readUInt16BE(offset);
  if (end > encoded.length) throw malformed();
  return [encoded.toString('utf8', start, end), end];
}

function malformed(): SecretIntegrityError {
  return new SecretIntegrityError('the sealed credential is malformed');
}
