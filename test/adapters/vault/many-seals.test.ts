import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SealedSecret } from '../../../src/adapters/vault/secret-stores.ts';
import type { Fault } from '../../support/mutant.ts';
import { rounds } from '../../support/rounds.ts';
import { brokenCipher, CIPHER, type Cipher, keyFileWith, someBinding, someCredential } from './sealed-records.ts';

/** A million seals detect a source of keys with fewer than some 38 bits, 20,000 one with fewer than some 26. */
const SEALS = rounds({ usual: 20_000, torture: 1_000_000 });
/** The kept part of each value: 64 bits. Among a million of them, two are equal once in 37 million runs. */
const KEPT_BYTES = 8;

interface Repetitions {
  /** For the pair that derives a message key: its nonce is always the same. */
  readonly messageKeys: number;
  /** For the single key-encryption key. */
  readonly wrappingNonces: number;
}

/**
 * Seals one credential many times and counts repeated keys and nonces. Message keys are not visible outside, but the
 * commitment is derived together with them: it repeats if and only if data key and message id do.
 */
async function repetitionsIn(seals: number, { createKeyRing, sealRecord }: Cipher): Promise<Repetitions> {
  const keyRing = createKeyRing(keyFileWith(1));
  const [binding, credential, secretId] = [someBinding(), someCredential('seals'), randomUUID()];
  const commitments = new BigUint64Array(seals);
  const nonces = new BigUint64Array(seals);
  for (let index = 0; index < seals; index += 1) {
    const record: SealedSecret = await sealRecord(keyRing, secretId, binding, credential);
    commitments[index] = record.commitment.readBigUInt64BE(record.commitment.length - KEPT_BYTES);
    nonces[index] = record.wrappedKey.bytes.readBigUInt64BE(0);
  }
  return { messageKeys: repetitions(commitments), wrappingNonces: repetitions(nonces) };
}

function repetitions(values: BigUint64Array): number {
  const sorted = values.sort();
  let repeated = 0;
  for (let index = 1; index < sorted.length; index += 1) if (sorted[index] === sorted[index - 1]) repeated += 1;
  return repeated;
}

describe(`${SEALS} seals`, () => {
  it('repeat no key and no nonce', async () => {
    expect(await repetitionsIn(SEALS, CIPHER)).toEqual({ messageKeys: 0, wrappingNonces: 0 });
  }, 1_200_000);
});

describe('10,000 seals', () => {
  it.each<[string, keyof Repetitions, Fault[]]>([
    [
      'data keys and message ids of two random bytes',
      'messageKeys',
      [
        {
          file: 'record-cipher.ts',
          find: 'randomBytes(KEY_BYTES)',
          replace: 'Buffer.alloc(KEY_BYTES, randomBytes(2))',
        },
        { file: 'record-cipher.ts', find: 'randomBytes(MESSAGE_ID_BYTES)', replace: 'Buffer.alloc(MESSAGE_ID_BYTES)' },
      ],
    ],
    [
      'wrapping nonces of two random bytes',
      'wrappingNonces',
      [{ file: 'key-ring.ts', find: 'randomBytes(NONCE_BYTES)', replace: 'Buffer.alloc(NONCE_BYTES, randomBytes(2))' }],
    ],
  ])('repeat some with %s', async (_, repeated, faults) => {
    const found = await repetitionsIn(10_000, await brokenCipher(faults));
    expect(found[repeated]).toBeGreaterThan(0);
  });
});
