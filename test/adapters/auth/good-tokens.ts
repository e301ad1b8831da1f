import { forge, honestClaims, type KeyName, NOW, OTHER_ISSUER, padded, payloadWith, STRICT_ISSUER } from './forge.ts';

const KEYS_BY_ALGORITHM: Readonly<Record<string, KeyName>> = {
  RS256: 'rs256',
  RS384: 'rs384',
  RS512: 'rs512',
  PS256: 'ps256',
  PS384: 'ps384',
  PS512: 'ps512',
  ES256: 'es256',
  ES384: 'es384',
  ES512: 'es512',
  EdDSA: 'eddsa',
};

/** Tokens that must be accepted, by what is special about them. All are of `alice` unless the name says otherwise. */
export const GOOD_TOKENS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(KEYS_BY_ALGORITHM).map(([alg, key]) => [`signed with ${alg}`, forge({ key })])),
  'signed with Ed25519 by its new name': forge({ key: 'eddsa', header: { alg: 'Ed25519' }, signAs: 'EdDSA' }),
  'without key id where one key fits': forge({ key: 'es512', header: { kid: undefined } }),
  'without type': forge({ header: { typ: undefined } }),
  'with the type of an access token': forge({ header: { typ: 'at+jwt' } }),
  'with a type in other case': forge({ header: { typ: 'AT+jwt' } }),
  'with a certificate thumbprint and a header that is not ours': forge({
    header: { x5t: 'abc', 'x5t#S256': 'abc', v: 1 },
  }),
  'with a list of one audience': forge({ claims: { aud: ['purser'] } }),
  'with our audience among others': forge({ claims: { aud: ['first', 'purser', 'third'] } }),
  'of an issuer with two audiences': forge({
    key: 'other',
    header: { alg: 'EdDSA' },
    signAs: 'EdDSA',
    claims: { iss: OTHER_ISSUER, aud: 'https://purser.example' },
  }),
  'of an issuer that allows one algorithm': forge({ claims: { iss: STRICT_ISSUER } }),
  'valid since now': forge({ claims: { nbf: NOW } }),
  'not before 5 s from now, within the tolerance': forge({ claims: { nbf: NOW + 5 } }),
  'issued 5 s from now, within the tolerance': forge({ claims: { iat: NOW + 5 } }),
  'that lives 90 days': forge({ claims: { exp: NOW - 10 + 90 * 86_400 } }),
  'with one second left': forge({ claims: { exp: NOW + 1 } }),
  'with a fraction in its times': forge({ claims: { exp: NOW + 0.5, nbf: NOW - 0.5 } }),
  'with claims that are not ours, some of them nested': forge({
    claims: { jti: 'x', scope: 'a b', realm_access: { roles: ['a'] }, x: [[[{ y: [{ z: null }] }]]] },
  }),
  'with equal keys in different objects': forge({ claims: { a: { x: 1 }, b: { x: 1 }, c: [{ x: 1 }, { x: 2 }] } }),
  'with texts that look like keys': forge({ claims: { a: 'sub', b: '"sub":', c: '\\"sub\\":', d: ['sub', ':'] } }),
  'with space in its JSON': forge({ payloadText: JSON.stringify(honestClaims(), undefined, '\t') }),
  'with escapes in its JSON': forge({ payloadText: payloadWith('"\\u0061":"\\ud83d\\ude00\\/"') }),
  'of 8,192 characters': padded(8192),
  'without any grant': forge({ claims: { projects: undefined } }),
};
