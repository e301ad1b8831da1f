import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readRsaPrivateKey } from '../../src/domain/rsa-keys.ts';
import { type CraftedRsaKey, craftedRsaKey, pkcs1 } from '../support/crafted-rsa-key.ts';

const generated = (modulusLength: number, publicExponent = 65_537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey;
const HONEST = generated(2048);
const PKCS1 = HONEST.export({ type: 'pkcs1', format: 'pem' }).toString();

/** The numbers of the honest key, by their names in a JWK. */
const NAMES = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;
const JWK = HONEST.export({ format: 'jwk' });
const NUMBERS = NAMES.map((name) => BigInt(`0x${Buffer.from(JWK[name] ?? '', 'base64url').toString('hex')}`));

const faultOf = (pem: string): string => {
  const read = readRsaPrivateKey(pem);
  return 'fault' in read ? read.fault : 'accepted';
};

describe('an RSA private key is accepted', () => {
  it.each([
    ['in PKCS #1', PKCS1],
    ['in PKCS #8', HONEST.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['with Windows line ends', PKCS1.replaceAll('\n', '\r\n')],
    ['of 3,072 bits', generated(3072).export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['of 4,096 bits', generated(4096).export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['with the public exponent 3', generated(2048, 3).export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['written from its numbers', pkcs1([0n, ...NUMBERS])],
  ])('%s', (_, pem) => {
    expect(faultOf(pem)).toBe('accepted');
  });
});

describe('an RSA private key is refused', () => {
  it.each<[string, CraftedRsaKey, RegExp]>([
    ['of 16,384 bits', { modulusBits: 16_384 }, /longer than|16384 bits/],
    ['of 8,192 bits', { modulusBits: 8192 }, /8192 bits: at most 4096/],
    ['of 4,104 bits', { modulusBits: 4104 }, /4104 bits: at most 4096/],
    ['of 1,024 bits', { modulusBits: 1024 }, /1024 bits: at least 2048/],
    ['whose numbers are random', { modulusBits: 2048 }, /damaged/],
    ['whose factors are larger than its modulus', { modulusBits: 2048, factorBits: 6000 }, /damaged/],
    ['with an even public exponent', { modulusBits: 2048, publicExponent: 65_536n }, /damaged/],
    ['with a public exponent of 2,000 bits', { modulusBits: 2048, publicExponent: 2n ** 2000n + 1n }, /damaged/],
    ['with more than two factors', { modulusBits: 2048, version: 1n }, /not an RSA private key|damaged/],
  ])('%s', (_, crafted, fault) => {
    expect(faultOf(craftedRsaKey(crafted))).toMatch(fault);
  });

  it.each(NAMES.map((name, index) => [name, index] as const))('of which %s was changed', (_, index) => {
    for (const change of [2n, -2n, 2n ** 5000n]) {
      const changed = NUMBERS.with(index, (NUMBERS[index] ?? 0n) + change);
      expect(faultOf(pkcs1([0n, ...changed]))).not.toBe('accepted');
    }
  });

  it.each([
    ['no key at all', 'not a key'],
    ['half a key', PKCS1.slice(0, 500)],
    ['a public key', createPublicKey(PKCS1).export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['an elliptic key', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    [
      'a key with a passphrase',
      HONEST.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
    ],
    [
      'a key for PSS alone',
      generateKeyPairSync('rsa-pss', { modulusLength: 2048 })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
    ],
  ])('that is %s', (_, pem) => {
    expect(faultOf(pem)).toMatch(/^is not an RSA private key/);
  });
});
