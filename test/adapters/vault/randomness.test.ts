import { randomUUID } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import type { Fault } from '../../support/mutant.ts';
import { brokenCipher, CIPHER, type Cipher, keyFileWith, someBinding, someCredential } from './sealed-records.ts';

const WRAPPING_NONCE_BYTES = 12;

/** A seal's requests to the system's generator, in order, and the answers given instead while this is set. */
const draws = vi.hoisted(() => ({ sizes: [] as number[], scripted: undefined as Buffer[] | undefined }));

vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof import('node:crypto')>();
  const randomBytes = (size: number): Buffer => {
    draws.sizes.push(size);
    return Buffer.from(draws.scripted?.shift() ?? crypto.randomBytes(size));
  };
  return { ...crypto, default: { ...crypto, randomBytes }, randomBytes };
});

interface Sealing {
  readonly drawn: readonly number[];
  readonly nonce: string;
  readonly messageId: string;
  /** Derived from data key and message id together with the message key, so it differs if that differs. */
  readonly commitment: string;
}

/** Seals the same credential with these bytes as the randomness. */
function sealerWith({ createKeyRing, sealRecord }: Cipher): (randomness?: Buffer[]) => Promise<Sealing> {
  const keyRing = createKeyRing(keyFileWith(1));
  const [secretId, binding, credential] = [randomUUID(), someBinding(), someCredential('randomness')];
  return async (randomness) => {
    draws.sizes = [];
    draws.scripted = randomness;
    try {
      const { wrappedKey, messageId, commitment } = await sealRecord(keyRing, secretId, binding, credential);
      const nonce = wrappedKey.bytes.subarray(0, WRAPPING_NONCE_BYTES);
      const hex = (bytes: Buffer) => bytes.toString('hex');
      return { drawn: draws.sizes, nonce: hex(nonce), messageId: hex(messageId), commitment: hex(commitment) };
    } finally {
      draws.scripted = undefined;
    }
  };
}

/** The bits of each draw on which no key or nonce of the seal depends. */
async function unusedBits(cipher: Cipher): Promise<string[]> {
  const seal = sealerWith(cipher);
  const { drawn } = await seal();
  const zeroes = () => drawn.map((size) => Buffer.alloc(size));
  const before = await seal(zeroes());
  const unused: string[] = [];
  for (const [draw, size] of drawn.entries()) {
    for (let bit = 0; bit < size * 8; bit += 1) {
      const randomness = zeroes();
      randomness[draw]?.writeUInt8(1 << (bit & 7), bit >> 3);
      const after = await seal(randomness);
      if (after.nonce === before.nonce && after.commitment === before.commitment) unused.push(`${draw}:${bit}`);
    }
  }
  return unused;
}

/** These show that no seal repeats a key or a nonce more often than the system's generator repeats its bytes. */
describe('a seal', () => {
  it('draws its own data key and message id of 256 bits and a wrapping nonce of 96', async () => {
    const seal = sealerWith(CIPHER);
    const randomness = [32, 32, WRAPPING_NONCE_BYTES].map((size, index) => Buffer.alloc(size, index + 1));
    const expected = { drawn: [32, 32, 12], messageId: '02'.repeat(32), nonce: '03'.repeat(12) };
    expect(await seal(randomness.map((bytes) => Buffer.from(bytes)))).toMatchObject(expected);
    expect((await seal()).drawn).toEqual([32, 32, 12]);
  });

  it('makes a different key or nonce from each bit that it draws', async () => {
    expect(await unusedBits(CIPHER)).toEqual([]);
  });

  it.each<[string, Fault]>([
    [
      'a data key of two random bytes',
      { file: 'record-cipher.ts', find: 'randomBytes(KEY_BYTES)', replace: 'Buffer.alloc(KEY_BYTES, randomBytes(2))' },
    ],
    [
      'a wrapping nonce of two random bytes',
      { file: 'key-ring.ts', find: 'randomBytes(NONCE_BYTES)', replace: 'Buffer.alloc(NONCE_BYTES, randomBytes(2))' },
    ],
  ])('is caught drawing too little with %s', async (_, fault) => {
    expect((await sealerWith(await brokenCipher([fault]))()).drawn).not.toEqual([32, 32, 12]);
  });

  it('is caught leaving bits unused if it keeps half of the drawn bytes', async () => {
    const fault = {
      file: 'record-cipher.ts',
      find: 'randomBytes(KEY_BYTES)',
      replace: 'Buffer.concat([randomBytes(KEY_BYTES).subarray(16), Buffer.alloc(16)])',
    };
    expect(await unusedBits(await brokenCipher([fault]))).toHaveLength(128);
  });
});
