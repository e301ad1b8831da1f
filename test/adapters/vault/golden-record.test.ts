import { webcrypto } from 'node:crypto';
import { expect, it } from 'vitest';
import { createKeyRing } from '../../../src/adapters/vault/key-ring.ts';
import { openRecord } from '../../../src/adapters/vault/record-cipher.ts';
import golden from './golden-record-1.json' with { type: 'json' };

/** Sealed by the first build with format 1. Never change it: databases contain records like it. */
const { record, keyEncryptionKey } = golden;
const { binding, secretId, format } = record;
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

it('a record of format 1 still opens', async () => {
  const { id, bytes: key } = keyEncryptionKey;
  const keyRing = createKeyRing({ primaryKeyId: id, keys: [{ kind: 'local', id, bytes: bytes(key) }] });
  const sealed = {
    secretId,
    binding,
    format,
    wrappedKey: { keyId: id, bytes: bytes(record.wrappedKey) },
    messageId: bytes(record.messageId),
    commitment: bytes(record.commitment),
    ciphertext: bytes(record.ciphertext),
    digest: bytes(record.digest),
  };
  const opened = await openRecord(keyRing, sealed, sealed.digest);
  expect(opened.username).toBe(golden.username);
  expect(opened.password.reveal()).toBe(golden.password);
});

it('a record of format 1 opens without Purser, from its description alone', async () => {
  const { subtle } = webcrypto;
  const suite = 'HKDF-SHA-512 AES-256-GCM key-commitment-256';
  const bound = [format, suite, binding.projectId, binding.registryId, binding.credentialVersion, binding.host];

  const wrapped = bytes(record.wrappedKey);
  const context = prefixed('purser data key', secretId, ...bound, bytes(record.messageId));
  const dataKey = await aesGcm(
    bytes(keyEncryptionKey.bytes),
    wrapped.subarray(0, 12),
    prefixed('purser key wrapping', keyEncryptionKey.id, context),
    wrapped.subarray(12),
  );

  const secret = await subtle.importKey('raw', dataKey, 'HKDF', false, ['deriveBits']);
  const info = Buffer.from(`purser message ${suite}`);
  const derived = Buffer.from(
    await subtle.deriveBits({ name: 'HKDF', hash: 'SHA-512', salt: bytes(record.messageId), info }, secret, 512),
  );
  expect(derived.toString('hex', 32)).toBe(record.commitment);

  const associatedData = prefixed('purser credential', ...bound);
  const plaintext = await aesGcm(derived.subarray(0, 32), Buffer.alloc(12), associatedData, bytes(record.ciphertext));
  expect(plaintext).toHaveLength(256);
  const usernameEnd = 2 + plaintext.readUInt16BE(0);
  const passwordEnd = usernameEnd + 2 + plaintext.readUInt16BE(usernameEnd);
  expect(plaintext.toString('utf8', 2, usernameEnd)).toBe(golden.username);
  expect(plaintext.toString('utf8', usernameEnd + 2, passwordEnd)).toBe(golden.password);

  const digested = [...bound, bytes(record.messageId), bytes(record.commitment), bytes(record.ciphertext)];
  const digest = await subtle.digest('SHA-256', prefixed('purser digest', secretId, ...digested));
  expect(Buffer.from(digest).toString('hex')).toBe(record.digest);

  async function aesGcm(key: Buffer, iv: Buffer, additionalData: Buffer, sealed: Buffer): Promise<Buffer> {
    const imported = await subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
    return Buffer.from(await subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, imported, sealed));
  }
});

function prefixed(...fields: readonly (string | number | Buffer)[]): Buffer {
  const int32 = (value: number): Buffer => Buffer.from([value >> 24, value >> 16, value >> 8, value]);
  return Buffer.concat(
    fields.flatMap((field) => {
      const body = typeof field === 'number' ? int32(field) : Buffer.from(field);
      return [int32(body.length), body];
    }),
  );
}
