import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decrypt, encrypt } from '../../../src/adapters/vault/authenticated-encryption.ts';
import { SecretIntegrityError } from '../../../src/application/ports/vault.ts';
import { createMutant, type Fault } from '../../support/mutant.ts';

const ALL_LENGTHS = Array.from({ length: 17 }, (_, length) => length);

/** The lengths to which a valid tag can be truncated and still pass. */
function acceptedTagLengths(open: typeof decrypt): number[] {
  const [key, nonce, associatedData] = [randomBytes(32), randomBytes(12), randomBytes(20)];
  const { ciphertext, tag } = encrypt(key, nonce, associatedData, randomBytes(100));
  return ALL_LENGTHS.filter((length) => {
    try {
      open(key, nonce, associatedData, { ciphertext, tag: tag.subarray(0, length) });
      return true;
    } catch {
      return false;
    }
  });
}

describe('AES-256-GCM', () => {
  it("gives the results of the standard's authors", () => {
    // McGrew and Viega, "The Galois/Counter Mode of Operation", test case 16.
    const hex = (text: string) => Buffer.from(text, 'hex');
    const key = hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
    const plaintext = hex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    );
    const encrypted = encrypt(
      key,
      hex('cafebabefacedbaddecaf888'),
      hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
      plaintext,
    );
    expect(encrypted.ciphertext.toString('hex')).toBe(
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
    );
    expect(encrypted.tag.toString('hex')).toBe('76fc6ece0f4e1768cddf8853bb2d551b');
  });

  it('accepts only whole tags', () => {
    expect(acceptedTagLengths(decrypt)).toEqual([16]);
  });

  it.each<[string, Fault[]]>([
    [
      'the length is checked by hand',
      [
        {
          file: 'authenticated-encryption.ts',
          find: ', { authTagLength: TAG_BYTES });\n  decipher',
          replace: ');\n  decipher',
        },
      ],
    ],
    [
      'the length is given to the cipher',
      [{ file: 'authenticated-encryption.ts', find: 'if (tag.length !== TAG_BYTES)', replace: 'if (false)' }],
    ],
  ])('accepts only whole tags as long as %s', async (_, faults) => {
    const mutant = await createMutant('adapters/vault', faults);
    const { decrypt: open } = await mutant.load<{ decrypt: typeof decrypt }>('authenticated-encryption.ts');
    expect(acceptedTagLengths(open)).toEqual([16]);
  });

  it('accepts tags of four bytes if their length is neither given nor checked', async () => {
    const mutant = await createMutant('adapters/vault', [
      { file: 'authenticated-encryption.ts', find: 'if (tag.length !== TAG_BYTES)', replace: 'if (false)' },
      {
        file: 'authenticated-encryption.ts',
        find: ', { authTagLength: TAG_BYTES });\n  decipher',
        replace: ');\n  decipher',
      },
    ]);
    const { decrypt: open } = await mutant.load<{ decrypt: typeof decrypt }>('authenticated-encryption.ts');
    expect(acceptedTagLengths(open)).toContain(4);
  });

  it('refuses a nonce of another length', () => {
    const encrypted = encrypt(randomBytes(32), randomBytes(12), Buffer.alloc(0), Buffer.alloc(1));
    expect(() => decrypt(randomBytes(32), randomBytes(16), Buffer.alloc(0), encrypted)).toThrow(SecretIntegrityError);
  });
});
