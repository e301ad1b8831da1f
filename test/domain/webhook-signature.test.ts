import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import fc from 'fast-check';
import { Webhook as Verifier } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { signingSecretFault, webhookSignature } from '../../src/domain/webhook-signature.ts';

const hmacKey = (bytes = randomBytes(32)) => `whsec_${bytes.toString('base64')}`;

function ed25519(): { readonly seed: Buffer; readonly publicKey: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    seed: privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
  };
}

describe('the signature of a webhook', () => {
  it("is accepted by Standard Webhooks' own library, for any id, body and key", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.json(), fc.uint8Array({ minLength: 24, maxLength: 64 }), (id, body, bytes) => {
        const timestamp = Math.floor(Date.now() / 1000);
        const key = hmacKey(Buffer.from(bytes));
        const signature = webhookSignature([new Secret(key)], { id, timestamp, body });
        const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
        expect(new Verifier(key).verify(body, headers)).toEqual(JSON.parse(body));
        expect(new Verifier(key).sign(id, new Date(timestamp * 1000), body)).toBe(signature);
      }),
    );
  });

  it('is refused by it if anything that was signed is changed', () => {
    const key = hmacKey();
    const timestamp = Math.floor(Date.now() / 1000);
    const signature = webhookSignature([new Secret(key)], { id: 'a', timestamp, body: '{}' });
    const check = (id: string, at: number, body: string, by = key) =>
      new Verifier(by).verify(body, {
        'webhook-id': id,
        'webhook-timestamp': String(at),
        'webhook-signature': signature,
      });
    expect(check('a', timestamp, '{}')).toEqual({});
    expect(() => check('b', timestamp, '{}')).toThrow('No matching signature');
    expect(() => check('a', timestamp - 1, '{}')).toThrow('No matching signature');
    expect(() => check('a', timestamp, '{ }')).toThrow('No matching signature');
    expect(() => check('a', timestamp, '{}', hmacKey())).toThrow('No matching signature');
  });

  it('is there for both secrets while they are changed, so that receivers with either accept it', () => {
    const [old, young] = [hmacKey(), hmacKey()];
    const message = { id: 'a', timestamp: Math.floor(Date.now() / 1000), body: '{"a":1}' };
    const headers = {
      'webhook-id': message.id,
      'webhook-timestamp': String(message.timestamp),
      'webhook-signature': webhookSignature([new Secret(young), new Secret(old)], message),
    };
    for (const key of [old, young]) expect(new Verifier(key).verify(message.body, headers)).toEqual({ a: 1 });
  });

  it('is one by Ed25519 for a private key, with or without its public half', () => {
    const { seed, publicKey } = ed25519();
    const message = { id: 'a', timestamp: 1_900_000_000, body: '{"a":1}' };
    for (const bytes of [seed, Buffer.concat([seed, publicKey])]) {
      const [version, signature] = webhookSignature([new Secret(`whsk_${bytes.toString('base64')}`)], message).split(
        ',',
      );
      expect(version).toBe('v1a');
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') };
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const signed = Buffer.from('a.1900000000.{"a":1}');
      expect(verify(null, signed, key, Buffer.from(signature ?? '', 'base64'))).toBe(true);
      expect(verify(null, Buffer.from('a.1900000001.{"a":1}'), key, Buffer.from(signature ?? '', 'base64'))).toBe(
        false,
      );
    }
  });
});

describe('a signing secret', () => {
  it.each([hmacKey(randomBytes(24)), hmacKey(randomBytes(64)), `whsk_${ed25519().seed.toString('base64')}`])(
    'may have the usual lengths',
    (text) => {
      expect(signingSecretFault(new Secret(text))).toBeUndefined();
    },
  );

  it.each([
    ['', 'must begin with'],
    ['secret', 'must begin with'],
    ['whpk_AAAA', 'must begin with'],
    [hmacKey(randomBytes(23)), '24 to 64 bytes'],
    [hmacKey(randomBytes(65)), '24 to 64 bytes'],
    [`whsec_${'a-b_'.repeat(10)}`, '24 to 64 bytes'],
    [`${hmacKey()} `, '24 to 64 bytes'],
    [`whsk_${randomBytes(31).toString('base64')}`, 'Ed25519'],
    [`whsk_${Buffer.concat([ed25519().seed, ed25519().publicKey]).toString('base64')}`, 'Ed25519'],
  ])('is refused with what to do, and without itself', (text, sentence) => {
    const fault = signingSecretFault(new Secret(text));
    expect(fault).toContain(sentence);
    if (text.length > 10) expect(fault).not.toContain(text.trim().slice(6));
  });
});
