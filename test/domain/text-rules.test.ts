import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantAt, parseInstant } from '../../src/domain/instant.ts';
import {
  certificateFingerprints,
  checkEmail,
  checkInstant,
  checkPemCertificates,
  checkText,
} from '../../src/domain/text-rules.ts';
import { craftedCertificate, craftedRsaKey } from '../support/crafted-rsa-key.ts';
import { refusal, refusalIfAny } from './refusals.ts';

/** A self-signed certificate that expires in 2126; its key was never kept. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBlzCCAT2gAwIBAgIUfUGkdjLQWxF10+sEXNz5qgVdPrUwCgYIKoZIzj0EAwIw
IDEeMBwGA1UEAwwVUHVyc2VyIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyMzEwMjYx
M1oYDzIxMjYxMDMwMTAyNjEzWjAgMR4wHAYDVQQDDBVQdXJzZXIgdGVzdCBhdXRo
b3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATS4uoCcLl/yfqvTBp31sTk
16kFqM5JAPB2jzOr3Btf/ihDOZGcF0qhDSzkjMnQNsNaq04PFsqt5JmfJ4+1I6+4
o1MwUTAdBgNVHQ4EFgQUr1FT4n/16LCfdxXfmWjSqnIQFegwHwYDVR0jBBgwFoAU
r1FT4n/16LCfdxXfmWjSqnIQFegwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD
AgNIADBFAiEA9UbLsqXnR1XuXoU93a+/71Yx05pTblXqtzINCwWEkCICIHcYgy1M
tOExvu8IKG+nWewtPlzcbQt/tVBtJW557v+6
-----END CERTIFICATE-----
`;

describe('a text', () => {
  const name = (value: string) => checkText('name', value, { max: 20 });
  const prose = (value: string) => checkText('description', value, { max: 20, multiline: true });

  it.each([
    ['Production', 'Production'],
    ['  Production\t\n', 'Production'],
    ['Größe 大 🐳', 'Größe 大 🐳'],
    ['I ❤\ufe0f images', 'I ❤\ufe0f images'],
    ['🐳'.repeat(20), '🐳'.repeat(20)],
  ])('%j is kept without its outer white space', (value, text) => {
    expect(name(value)).toBe(text);
    expect(prose(value)).toBe(text);
  });

  it.each([
    ['', /must not be empty/],
    [' \n ', /must not be empty/],
    ['a'.repeat(21), /at most 20/],
    ['🐳'.repeat(21), /at most 20/],
    ['a'.repeat(1_000_000), /at most 20/],
    ['a\0b', /invisible character/],
    ['a\u001bb', /invisible character/],
    ['a\u0085b', /invisible character/],
    ['a\u202eb', /invisible character/],
    ['a\u2066b', /invisible character/],
    ['a\u200bb', /invisible character/],
    ['a\u00adb', /invisible character/],
    ['a\ufeffb', /invisible character/],
    ['a\u2028b', /invisible character/],
    ['a\u3164b', /invisible character/],
    ['a\u{e0041}b', /invisible character/],
    ['a\ud800b', /broken Unicode/],
    ['a\udc00', /broken Unicode/],
  ])('%j is refused, as a name and as prose', (value, message) => {
    const refused = refusal(() => name(value));
    expect(refused.field).toBe('name');
    expect(refused.message).toMatch(message);
    expect(refusal(() => prose(value)).message).toMatch(message);
  });

  it.each(['two\nlines', 'a\tb', 'a\r\nb', '👩\u200d💻', 'می\u200cخواهم'])('%j is allowed only in prose', (value) => {
    expect(prose(value)).toBe(value);
    expect(refusal(() => name(value)).message).toMatch(/invisible character/);
  });

  it('may be empty if it is optional', () => {
    expect(checkText('name', ' ', { max: 5, optional: true })).toBe('');
  });

  it('comes back unchanged when it is checked again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        let text: string | undefined;
        refusalIfAny(() => {
          text = prose(value);
        });
        return text === undefined || (prose(text) === text && text === value.trim());
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('an e-mail address', () => {
  it.each([
    [' ops@example.com ', 'ops@example.com'],
    ['first.last+tag@sub.example.co.uk', 'first.last+tag@sub.example.co.uk'],
    ["o'brien@example.com", "o'brien@example.com"],
    ['ops@localhost', 'ops@localhost'],
    ['jörg@bücher.example', 'jörg@bücher.example'],
  ])('may be %j', (value, email) => {
    expect(checkEmail('email', value)).toBe(email);
  });

  it.each([
    '',
    'ops',
    'ops@',
    '@example.com',
    'ops@example..com',
    'ops@.example.com',
    'ops@example.com.',
    'a@b@c.example',
    'Ops <ops@example.com>',
    'ops@example.com, dev@example.com',
    'o ps@example.com',
    'ops@exam\nple.com',
    'ops@exam\u202eple.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(253)}`,
  ])('is not %j', (value) => {
    expect(refusal(() => checkEmail('email', value)).field).toBe('email');
  });

  it('is checked quickly, however much a text resembles one', () => {
    const value = `a@${'a.'.repeat(120)}@`;
    expect(refusal(() => checkEmail('email', value)).field).toBe('email');
  });
});

describe('a point in time', () => {
  it.each([
    ['2030-01-31T09:00:00Z', '2030-01-31T09:00:00.000Z'],
    ['2030-01-31t09:00:00z', '2030-01-31T09:00:00.000Z'],
    ['2030-01-31T09:00:00.5Z', '2030-01-31T09:00:00.500Z'],
    ['2030-01-31T09:00:00.123999999Z', '2030-01-31T09:00:00.123Z'],
    ['2030-01-31T09:00:00+02:00', '2030-01-31T07:00:00.000Z'],
    ['2030-01-31T09:00:00-05:30', '2030-01-31T14:30:00.000Z'],
    ['2028-02-29T23:59:59.999Z', '2028-02-29T23:59:59.999Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ])('written %s is %s', (value, instant) => {
    expect(checkInstant('expiresAt', value)).toBe(instant);
  });

  it.each([
    '',
    'tomorrow',
    '2030-01-31',
    '2030-01-31T09:00:00',
    '2030-01-31 09:00:00Z',
    '2030-01-31T09:00Z',
    '2030-02-30T09:00:00Z',
    '2029-02-29T09:00:00Z',
    '2030-13-01T09:00:00Z',
    '2030-01-31T24:00:00Z',
    '2030-01-31T23:59:60Z',
    '2030-01-31T09:00:00+24:00',
    '2030-01-31T09:00:00+02:60',
    '2030-01-31T09:00:00.Z',
    '2030-01-31T09:00:00.1234567890Z',
    ' 2030-01-31T09:00:00Z',
    '2030-01-31T09:00:00Z\n',
    '+12030-01-31T09:00:00Z',
    '9999-12-31T23:59:59-01:00',
    '0001-01-01T00:00:00+01:00',
    '0000-01-01T00:00:00Z',
    '1900000000',
  ])('is not %j', (value) => {
    expect(refusal(() => checkInstant('expiresAt', value)).field).toBe('expiresAt');
  });

  it('is written so that text order is time order', () => {
    const time = fc.integer({ min: Date.parse('0001-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') });
    fc.assert(
      fc.property(time, time, (one, other) => {
        const [a = '', b = ''] = [instantAt(one), instantAt(other)];
        return Math.sign(one - other) === (a < b ? -1 : a > b ? 1 : 0) && parseInstant(a) === a;
      }),
    );
  });

  it('is undefined outside the four-digit years, and if the time is not a number', () => {
    expect(instantAt(Date.parse('9999-12-31T23:59:59.999Z') + 1)).toBeUndefined();
    expect(instantAt(Number.NaN)).toBeUndefined();
    expect(instantAt(Number.POSITIVE_INFINITY)).toBeUndefined();
  });
});

describe('the certificates of a private authority', () => {
  const check = (pem: string) => checkPemCertificates('caCertificate', pem);

  it('are kept as they are, one or several', () => {
    expect(check(CERTIFICATE)).toBe(CERTIFICATE);
    expect(check(CERTIFICATE + CERTIFICATE)).toBe(CERTIFICATE + CERTIFICATE);
  });

  it('are written again without the text that tools put around them', () => {
    expect(check(`subject=CN = Purser\n\n${CERTIFICATE.trim()}\n\n# end`)).toBe(CERTIFICATE);
    expect(check(CERTIFICATE.replaceAll('\n', '\r\n'))).toBe(CERTIFICATE);
    expect(check(check(CERTIFICATE))).toBe(CERTIFICATE);
  });

  it.each([
    ['nothing', ''],
    ['a sentence', 'the certificate is on the intranet'],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['a certificate with a request after it', `${CERTIFICATE}-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n`],
    ['a border only', '-----BEGIN CERTIFICATE-----'],
  ])('are not %s', (_, pem) => {
    const refused = refusal(() => check(pem));
    expect(refused.field).toBe('caCertificate');
    expect(refused.message).toMatch(/PEM with certificates only/);
  });

  it('are refused if one of them is damaged, and the message tells which', () => {
    const damaged = CERTIFICATE.replace('MIIB', 'AAAA');
    expect(refusal(() => check(CERTIFICATE + damaged)).message).toMatch(/^Certificate 2 in/);
  });

  it('are refused together with a private key, and the message holds no part of it', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const refused = refusal(() => check(CERTIFICATE + key));
    expect(refused.message).toMatch(/contains a private key/);
    expect(refused.message).not.toContain(key.split('\n')[1] ?? key);
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
    expect(refusal(() => check(CERTIFICATE + encrypted.toString())).message).toMatch(/contains a private key/);
  });

  it('are told apart by their fingerprints', () => {
    const fingerprint = new X509Certificate(CERTIFICATE).fingerprint256;
    expect(fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(certificateFingerprints(check(CERTIFICATE + CERTIFICATE))).toBe(`${fingerprint}, ${fingerprint}`);
  });

  it('are at most 16 KiB', () => {
    expect(refusal(() => check(CERTIFICATE.repeat(200))).message).toMatch(/at most 16 KiB/);
  });

  it('are refused with a key that takes long to check', () => {
    const cases = [
      { modulusBits: 8192 },
      { modulusBits: 16_384 },
      { modulusBits: 2048, publicExponent: 2n ** 2000n + 1n },
    ];
    for (const crafted of cases) {
      const pem = craftedCertificate(craftedRsaKey(crafted));
      const refused = refusal(() => check(CERTIFICATE + pem));
      expect(refused.message).toMatch(/^Certificate 2 in `caCertificate` has an RSA key that takes long to check/);
    }
    const usual = craftedCertificate(craftedRsaKey({ modulusBits: 4096 }));
    expect(check(usual)).toBe(usual);
  });
});
