import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CREDENTIAL_BYTES, PADDED_SIZES } from '../../../src/adapters/vault/credential-encoding.ts';
import { openRecord, sealRecord } from '../../../src/adapters/vault/record-cipher.ts';
import { MAX_SECRET_BYTES } from '../../../src/domain/entered-credential.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { brokenCipher, CIPHER, type Cipher, keyRingWith, someBinding, someCredential } from './sealed-records.ts';

const TAG_BYTES = 16;
const keyRing = keyRingWith(1, 2);

describe('a sealed credential', () => {
  it('opens unchanged, whatever its characters are', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 700 });
    await fc.assert(
      fc.asyncProperty(text, text, async (username, value) => {
        const record = await sealRecord(keyRing, randomUUID(), someBinding(), {
          username,
          password: new Secret(value),
        });
        const opened = await openRecord(keyRing, record, record.digest);
        return opened.username === username && opened.password.reveal() === value;
      }),
      { numRuns: 500 },
    );
  });

  it('keeps a byte order mark, NUL and trailing zeroes', async () => {
    const password = new Secret(`\ufeff${canary('mark')}\0\0`);
    const record = await sealRecord(keyRing, randomUUID(), someBinding(), { username: '\ufeffu\0', password });
    const opened = await openRecord(keyRing, record, record.digest);
    expect(opened.username).toBe('\ufeffu\0');
    expect(opened.password.reveal() === password.reveal()).toBe(true);
  });

  it('may be as large as the domain allows, and is refused above the largest size', async () => {
    expect(MAX_CREDENTIAL_BYTES).toBeGreaterThanOrEqual(MAX_SECRET_BYTES);
    const sealBytes = (bytes: number) =>
      sealRecord(keyRing, randomUUID(), someBinding(), { username: 'u', password: new Secret('p'.repeat(bytes - 1)) });
    const record = await sealBytes(MAX_CREDENTIAL_BYTES);
    const opened = await openRecord(keyRing, record, record.digest);
    expect(opened.password.reveal()).toHaveLength(MAX_CREDENTIAL_BYTES - 1);
    await expect(sealBytes(MAX_CREDENTIAL_BYTES + 1)).rejects.toThrow(RangeError);
  });

  it.each(['\ud800', 'a\udfff', '\udfff\ud800'])('is refused if UTF-8 cannot encode it: %j', async (broken) => {
    for (const [username, value] of [
      [broken, 'p'],
      ['u', broken],
    ] as const) {
      const credential = { username, password: new Secret(value) };
      await expect(sealRecord(keyRing, randomUUID(), someBinding(), credential)).rejects.toThrow(TypeError);
    }
  });

  it('shares no bytes with another seal of the same credential', async () => {
    const [binding, credential, secretId] = [someBinding(), someCredential('twice'), randomUUID()];
    const one = await sealRecord(keyRing, secretId, binding, credential);
    const other = await sealRecord(keyRing, secretId, binding, credential);
    for (const field of ['ciphertext', 'messageId', 'commitment', 'digest'] as const) {
      expect(one[field].equals(other[field])).toBe(false);
    }
    expect(one.wrappedKey.bytes.equals(other.wrappedKey.bytes)).toBe(false);
  });
});

describe('the length of a ciphertext', () => {
  async function lengthsFrom({ sealRecord: seal }: Cipher): Promise<number[]> {
    const lengths = new Set<number>();
    for (let bytes = 1; bytes <= MAX_CREDENTIAL_BYTES; bytes += bytes < 1100 ? 1 : 97) {
      const credential = { username: '', password: new Secret('p'.repeat(bytes)) };
      lengths.add((await seal(keyRing, randomUUID(), someBinding(), credential)).ciphertext.length);
    }
    return [...lengths];
  }

  it('has only four values, however long the password is', async () => {
    expect(await lengthsFrom(CIPHER)).toEqual(PADDED_SIZES.map((size) => size + TAG_BYTES));
  });

  it('reveals the length of the password without the padding', async () => {
    const unpadded = await brokenCipher([
      {
        file: 'credential-encoding.ts',
        find: 'Buffer.alloc(size)',
        replace: 'Buffer.alloc(usernameBytes + passwordBytes + OVERHEAD)',
      },
    ]);
    expect((await lengthsFrom(unpadded)).length).toBeGreaterThan(1000);
  });
});
