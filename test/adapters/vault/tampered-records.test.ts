import { beforeAll, describe, expect, it } from 'vitest';
import { openRecord, recordDigest } from '../../../src/adapters/vault/record-cipher.ts';
import type { SealedSecret } from '../../../src/adapters/vault/secret-stores.ts';
import { SecretIntegrityError } from '../../../src/application/ports/vault.ts';
import type { Fault } from '../../support/mutant.ts';
import { rounds } from '../../support/rounds.ts';
import { bitFlips, flippedBytes } from './bit-flips.ts';
import { swaps } from './record-swaps.ts';
import { brokenCipher, isRefused, type Sealed, sealSome } from './sealed-records.ts';

const NO_ASSOCIATED_DATA: Fault[] = [
  {
    file: 'authenticated-encryption.ts',
    find: '.setAAD(associatedData)',
    replace: '.setAAD(Buffer.alloc(0))',
    times: 2,
  },
];
const NO_TAG_CHECK: Fault[] = [{ file: 'authenticated-encryption.ts', find: '    decipher.final();', replace: '' }];
const NO_COMMITMENT_CHECK: Fault[] = [
  { file: 'record-cipher.ts', find: 'if (!isEqual(commitment, record.commitment))', replace: 'if (false)' },
];
const NO_DIGEST_CHECK: Fault[] = [
  {
    file: 'record-cipher.ts',
    find: 'if (!isEqual(actual, digest) || !isEqual(actual, record.digest))',
    replace: 'if (false)',
  },
];
const HALF_A_DIGEST: Fault[] = [
  { file: 'record-cipher.ts', find: 'messageId, commitment, ciphertext))', replace: 'messageId, ciphertext))' },
];

/**
 * Each has some 4,000 bits to flip. All records have the same fields with the same lengths, and the outcome depends on the
 * field: more records would only find faults that depend on random bytes.
 */
const RECORDS = rounds({ usual: 5, torture: 100 });
let sealed: Sealed;
let flipped: Sealed;
beforeAll(async () => {
  sealed = await sealSome(100, 'tampered');
  flipped = { ...sealed, records: sealed.records.slice(0, RECORDS) };
});

/** The fields in which a flip is accepted if the digest is adapted. */
async function acceptedFlips(tried: Sealed): Promise<string[]> {
  const accepted = new Set<string>();
  for (const record of tried.records) {
    for (const flip of bitFlips(record)) if (!(await isRefused(tried, flip.record))) accepted.add(flip.field);
  }
  return [...accepted];
}

/** The fields in which a flip does not change the digest. */
function flipsOutsideTheDigest({ cipher, records }: Sealed): string[] {
  const outside = new Set<string>();
  for (const record of records) {
    for (const flip of bitFlips(record)) {
      if (cipher.recordDigest(flip.record).equals(record.digest)) outside.add(flip.field);
    }
  }
  return [...outside];
}

async function acceptsOtherDigests({ cipher, keyRing, records }: Sealed): Promise<boolean> {
  const tries = records
    .slice(0, 10)
    .flatMap((record) =>
      [...flippedBytes(record.digest)].flatMap((digest) => [
        cipher.openRecord(keyRing, record, digest),
        cipher.openRecord(keyRing, { ...record, digest }, record.digest),
      ]),
    );
  const outcomes = await Promise.allSettled(tries);
  return outcomes.some((outcome) => outcome.status === 'fulfilled');
}

async function acceptedSwaps(tried: Sealed, count: number): Promise<string[]> {
  const accepted = new Set<string>();
  for (const { kind, record } of swaps(tried.records, count)) {
    if (!(await isRefused(tried, record))) accepted.add(kind);
  }
  return [...accepted];
}

describe('a record with one bit flipped', () => {
  it(`is refused, for every bit of every field of ${RECORDS} records, although its digest was adapted`, async () => {
    expect(await acceptedFlips(flipped)).toEqual([]);
  }, 600_000);

  it('has another digest, unless the bit is in the wrapped key, which can be replaced', () => {
    expect(flipsOutsideTheDigest(flipped)).toEqual(['keyId', 'wrappedKey']);
  });

  it('is refused if the bit is in the digest, its own or the expected one', async () => {
    expect(await acceptsOtherDigests(sealed)).toBe(false);
  });

  it('is accepted if the authentication tag is not checked', async () => {
    const accepted = await acceptedFlips(await sealSome(1, 'untagged', await brokenCipher(NO_TAG_CHECK)));
    expect(accepted).toContain('ciphertext');
  });

  it('is accepted if the key commitment is not checked', async () => {
    const accepted = await acceptedFlips(await sealSome(1, 'uncommitted', await brokenCipher(NO_COMMITMENT_CHECK)));
    expect(accepted).toEqual(['commitment']);
  });

  it('is accepted if nothing is bound to the ciphertext', async () => {
    const accepted = await acceptedFlips(await sealSome(1, 'unbound', await brokenCipher(NO_ASSOCIATED_DATA)));
    expect(accepted).toEqual(['secretId', 'projectId', 'registryId', 'host', 'credentialVersion']);
  });

  it('keeps its digest if that leaves out a field', async () => {
    expect(flipsOutsideTheDigest(await sealSome(1, 'half', await brokenCipher(HALF_A_DIGEST)))).toContain('commitment');
  });

  it('is accepted if the digest is not checked', async () => {
    expect(await acceptsOtherDigests(await sealSome(1, 'undigested', await brokenCipher(NO_DIGEST_CHECK)))).toBe(true);
  });
});

describe('10,000 records with fields of another', () => {
  it('are all refused, although their digests were adapted', async () => {
    expect(await acceptedSwaps(sealed, 10_000)).toEqual([]);
  });

  it('are accepted if nothing is bound to the ciphertext', async () => {
    const accepted = await acceptedSwaps(await sealSome(100, 'unbound', await brokenCipher(NO_ASSOCIATED_DATA)), 100);
    expect(accepted).toEqual(expect.arrayContaining(['project', 'registry', 'version', 'host', 'identity']));
  });
});

describe('a record of another shape', () => {
  const broken: [string, (record: SealedSecret) => Partial<SealedSecret>][] = [
    ['a format of the future', () => ({ format: 2 })],
    ['a ciphertext of an unknown size', ({ ciphertext }) => ({ ciphertext: Buffer.concat([ciphertext, ciphertext]) })],
    ['a truncated ciphertext', ({ ciphertext }) => ({ ciphertext: ciphertext.subarray(0, -1) })],
    ['a tag cut to four bytes', ({ ciphertext }) => ({ ciphertext: ciphertext.subarray(0, -12) })],
    ['no ciphertext', () => ({ ciphertext: Buffer.alloc(0) })],
    ['a longer message id', ({ messageId }) => ({ messageId: Buffer.concat([messageId, Buffer.alloc(1)]) })],
    ['no commitment', () => ({ commitment: Buffer.alloc(0) })],
    [
      'a truncated wrapped key',
      ({ wrappedKey }) => ({ wrappedKey: { keyId: 2, bytes: wrappedKey.bytes.subarray(1) } }),
    ],
    ['an unwrapped key', () => ({ wrappedKey: { keyId: 2, bytes: Buffer.alloc(32) } })],
    ['a key that is not in the key ring', ({ wrappedKey }) => ({ wrappedKey: { ...wrappedKey, keyId: 3 } })],
    ['another key of the key ring', ({ wrappedKey }) => ({ wrappedKey: { ...wrappedKey, keyId: 1 } })],
  ];
  it.each(broken)('is refused: %s', async (_, change) => {
    for (const record of sealed.records) expect(await isRefused(sealed, { ...record, ...change(record) })).toBe(true);
  });

  it('is refused by a key ring with other keys of the same ids', async () => {
    const { keyRing } = await sealSome(0, 'others');
    for (const record of sealed.records) {
      await expect(openRecord(keyRing, record, recordDigest(record))).rejects.toThrow(SecretIntegrityError);
    }
  });
});
