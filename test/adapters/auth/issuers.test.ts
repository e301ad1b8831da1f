import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IssuerConfigurationError, parseIssuers } from '../../../src/adapters/auth/issuers.ts';
import { jwk, keys } from './forge.ts';

const remote = { issuer: 'https://id.example', audience: 'purser', jwksUri: 'https://id.example/jwks.json' };
const local = { issuer: 'https://id.example', audience: 'purser', jwks: { keys: [jwk('es256')] } };

const DEFAULTS = { grants: 'claims', maxTokenAge: 90 * 86_400, clockTolerance: 5 };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'purser-issuers-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function faultOf(value: string): string {
  try {
    parseIssuers(value);
  } catch (error) {
    if (error instanceof IssuerConfigurationError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('issuers are accepted', () => {
  test('as a JSON array, with every asymmetric algorithm if none is named', () => {
    const [issuer] = parseIssuers(` \n${JSON.stringify([remote])}`);

    expect(issuer).toEqual({
      issuer: 'https://id.example',
      audience: ['purser'],
      jwksUri: 'https://id.example/jwks.json',
      algorithms: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
      ...DEFAULTS,
    });
  });

  test('as the path of a JSON file', () => {
    const path = join(folder, 'issuers.json');
    writeFileSync(path, JSON.stringify([{ ...local, audience: ['a', 'b'], algorithms: ['ES256'] }]));

    expect(parseIssuers(path)).toEqual([{ ...local, audience: ['a', 'b'], algorithms: ['ES256'], ...DEFAULTS }]);
  });

  test('as the result of the parser, written as JSON again', () => {
    const parsed = parseIssuers(JSON.stringify([remote, { ...local, issuer: 'urn:other' }]));

    expect(parseIssuers(JSON.stringify(parsed))).toEqual(parsed);
  });

  test.each([
    'https://id.example/keys?tenant=1',
    'https://10.0.0.1:8443/keys',
    'https://ID.example:443?tenant=1',
    'http://localhost:8080/keys',
    'http://127.0.0.1/keys',
    'http://127.9.9.9:1/keys',
    'http://[::1]:8080/keys',
  ])('with their keys at %s', (jwksUri) => {
    expect(faultOf(JSON.stringify([{ ...remote, jwksUri }]))).toBe('accepted');
  });
});

describe('the message names the entry, the field and what to write', () => {
  const second = (entry: unknown) => JSON.stringify([{ ...remote, issuer: 'urn:first' }, entry]);
  const cases: Readonly<Record<string, readonly [value: string, ...faults: string[]]>> = {
    'text that is not JSON': ['[{', 'JWT_ISSUERS: is not valid JSON: write an array such as [{"issuer":'],
    'a missing file': ['/nowhere/issuers.json', 'JWT_ISSUERS: the file /nowhere/issuers.json cannot be read'],
    'an empty value': ['', 'JWT_ISSUERS: the file  cannot be read: set it to a JSON array'],
    'an entry without its array': [JSON.stringify(remote), 'JWT_ISSUERS: must be a JSON array: put the entry in [ ]'],
    'no entry': ['[]', 'JWT_ISSUERS: must contain at least one issuer'],
    'an entry that is a text': [second('x'), 'JWT_ISSUERS[1]: must be an object with issuer, audience'],
    'a life of zero': [
      second({ ...remote, maxTokenAge: 0 }),
      'JWT_ISSUERS[1].maxTokenAge: must be a lifetime such as 30m',
    ],
    'a life of two years': [
      second({ ...remote, maxTokenAge: '730d' }),
      'JWT_ISSUERS[1].maxTokenAge: must be a lifetime',
    ],
    'a life that is a list': [
      second({ ...remote, maxTokenAge: ['1h'] }),
      'JWT_ISSUERS[1].maxTokenAge: must be a lifetime',
    ],
    'a clock that is too far off': [
      second({ ...remote, clockTolerance: 301 }),
      'JWT_ISSUERS[1].clockTolerance: must be a number of seconds from 0 to 300',
    ],
    'a clock that is behind': [
      second({ ...remote, clockTolerance: -1 }),
      'JWT_ISSUERS[1].clockTolerance: must be a number of seconds from 0 to 300',
    ],
    'other grants': [
      second({ ...remote, grants: 'all' }),
      'JWT_ISSUERS[1].grants: must be "claims" (the default) or "rules"',
    ],
    'no issuer': [second({ ...remote, issuer: undefined }), 'JWT_ISSUERS[1].issuer: must be the text'],
    'an empty issuer': [second({ ...remote, issuer: '' }), 'JWT_ISSUERS[1].issuer: must be the text'],
    'an issuer with a space after it': [
      second({ ...remote, issuer: 'urn:a ' }),
      'JWT_ISSUERS[1].issuer: must not contain control characters',
    ],
    'the same issuer twice': [
      JSON.stringify([remote, local]),
      'JWT_ISSUERS[1].issuer: https://id.example is listed twice: merge',
    ],
    'no audience': [
      second({ ...remote, audience: undefined }),
      'JWT_ISSUERS[1].audience: must be the text that tokens carry',
    ],
    'an empty list of audiences': [second({ ...remote, audience: [] }), 'JWT_ISSUERS[1].audience: must be the text'],
    'neither place of keys': [second({ issuer: 'a', audience: 'b' }), 'JWT_ISSUERS[1]: needs exactly one of jwksUri'],
    'both places of keys': [
      second({ ...remote, ...local, issuer: 'a' }),
      'JWT_ISSUERS[1]: needs exactly one of jwksUri',
    ],
    'a misspelt field': [
      second({ ...remote, jwksUrl: 'x' }),
      'JWT_ISSUERS[1]: has the unknown field jwksUrl: the known fields are',
    ],
    'two faults': [
      JSON.stringify([
        { ...remote, issuer: 'urn:first', audience: 1 },
        { ...remote, jwksUri: 'x' },
      ]),
      'JWT_ISSUERS[0].audience: must be the text',
      'JWT_ISSUERS[1].jwksUri: must be an absolute URL',
    ],
    'no algorithm': [second({ ...remote, algorithms: [] }), 'JWT_ISSUERS[1].algorithms: must name at least one'],
    'algorithms as a text': [second({ ...remote, algorithms: 'RS256' }), 'JWT_ISSUERS[1].algorithms: must be an array'],
    ...Object.fromEntries(
      ['none', 'HS256', 'HS384', 'HS512', 'rs256', 'ES256K', 'dir'].map((algorithm) => [
        `the algorithm ${algorithm}`,
        [
          second({ ...remote, algorithms: ['RS256', algorithm] }),
          'JWT_ISSUERS[1].algorithms[1]: is not an allowed algorithm: use',
        ],
      ]),
    ),
    ...Object.fromEntries(
      [
        'http://id.example/keys',
        'http://localhost.example/keys',
        'http://127.0.0.1.example/keys',
        'http://0.0.0.0/keys',
        'http://[::]/keys',
        'ftp://localhost/keys',
        'file:///etc/passwd',
        'data:application/json,{}',
      ].map((jwksUri) => [
        `keys at ${jwksUri}`,
        [second({ ...remote, jwksUri }), 'JWT_ISSUERS[1].jwksUri: must begin with https://'],
      ]),
    ),
    ...Object.fromEntries(
      ['https://127.1/keys', 'https://bücher.example/keys', 'https:id.example/keys', ' https://id.example/keys'].map(
        (jwksUri) => [
          `keys at ${JSON.stringify(jwksUri)}`,
          [
            second({ ...remote, jwksUri }),
            'JWT_ISSUERS[1].jwksUri: must write its host in the canonical form: https://',
          ],
        ],
      ),
    ),
    'keys at a relative path': [
      second({ ...remote, jwksUri: '/keys' }),
      'JWT_ISSUERS[1].jwksUri: must be an absolute URL',
    ],
    'keys behind a password': [
      second({ ...remote, jwksUri: 'https://a:b@id.example/' }),
      'JWT_ISSUERS[1].jwksUri: must not contain a username',
    ],
    'keys that are not a set': [second({ ...local, jwks: {} }), 'JWT_ISSUERS[1].jwks.keys'],
    'an empty set of keys': [
      second({ ...local, jwks: { keys: [] } }),
      'JWT_ISSUERS[1].jwks: contains no key that can verify',
    ],
    'an RSA key of 1024 bits': [
      second({ ...local, jwks: { keys: [jwk('weak')] } }),
      'JWT_ISSUERS[1].jwks: contains no key that can verify',
    ],
    'keys for other algorithms': [
      second({ ...local, algorithms: ['RS256'] }),
      'JWT_ISSUERS[1].jwks: contains no key that can verify RS256',
    ],
    'a private key': [
      second({ ...local, jwks: { keys: [keys.es256.privateKey.export({ format: 'jwk' })] } }),
      'JWT_ISSUERS[1].jwks: contains a private or symmetric key',
    ],
    'a symmetric key': [
      second({ ...local, jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }),
      'JWT_ISSUERS[1].jwks: contains a private or symmetric key',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [value, ...expected]) => {
    const lines = faultOf(value).split('\n');

    expect(lines).toHaveLength(expected.length);
    expected.forEach((text, index) => {
      expect(lines[index]).toContain(text);
    });
  });

  test('in a file, with its path', () => {
    const path = join(folder, 'wrong.json');
    writeFileSync(path, JSON.stringify([{ ...remote, audience: '' }]));

    expect(faultOf(path)).toBe(`JWT_ISSUERS (${path})[0].audience: must be a text, and not empty`);
  });

  test('without repeating a private key', () => {
    const privateKey = keys.es256.privateKey.export({ format: 'jwk' });

    expect(faultOf(JSON.stringify([{ ...local, jwks: { keys: [privateKey] } }]))).not.toContain(privateKey.d);
  });
});
