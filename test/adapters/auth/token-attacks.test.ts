import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { AuthenticationFailed, type Authenticator } from '../../../src/application/ports/authenticator.ts';
import { ATTACKS_ON_THE_CLAIMS } from './attacks-on-the-claims.ts';
import { ATTACKS_ON_THE_ENCODING } from './attacks-on-the-encoding.ts';
import { ATTACKS_ON_THE_KEY } from './attacks-on-the-key.ts';
import { authenticator, clock, encode, forge, keys, NOW } from './forge.ts';

const ATTACKS = [...ATTACKS_ON_THE_ENCODING, ...ATTACKS_ON_THE_KEY, ...ATTACKS_ON_THE_CLAIMS];
const REFUSAL = 'The token is missing or not valid.';
const verifier = authenticator();

async function refusalOf(target: Pick<Authenticator, 'authenticate'>, token: string): Promise<unknown> {
  return target.authenticate(token).then(
    () => 'accepted',
    (error: unknown) => error,
  );
}

/** The names of the attacks that this verifier accepts. */
async function successfulAttacks(target: Pick<Authenticator, 'authenticate'>): Promise<string[]> {
  const successful: string[] = [];
  for (const { name, token } of ATTACKS) {
    if (!((await refusalOf(target, token)) instanceof AuthenticationFailed)) successful.push(name);
  }
  return successful;
}

test('there are at least 120 attacks with different names, and the token that they start from is good', async () => {
  expect(ATTACKS.length).toBeGreaterThanOrEqual(120);
  expect(new Set(ATTACKS.map(({ name }) => name)).size).toBe(ATTACKS.length);
  expect(new Set(ATTACKS.map(({ token }) => token)).size).toBeGreaterThan(ATTACKS.length - 3);
  expect(await verifier.authenticate(forge())).toMatchObject({ subject: 'alice' });
});

describe('a token is refused that has', () => {
  test.each(ATTACKS.map((attack) => [attack.name, attack] as const))('%s', async (_, { token, reason }) => {
    const refusal = await refusalOf(verifier, token);

    expect(refusal).toBeInstanceOf(AuthenticationFailed);
    expect(refusal).toMatchObject({ name: 'AuthenticationFailed', message: REFUSAL, reason });
    expect(refusal).not.toHaveProperty('cause');
  });
});

test('no attack succeeds at a second try, after all of them were tried', async () => {
  expect(await successfulAttacks(verifier)).toEqual([]);
});

test('nothing connects to an address in the header', async () => {
  let connections = 0;
  const server = createServer((_, response) => response.end('{"keys":[]}')).on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  try {
    for (const name of ['jku', 'x5u', 'JKU', 'X5U', 'jwks_uri', 'iss']) {
      const token = forge({ key: 'attackerEc', header: { [name]: url, kid: 'attacker' } });
      expect(await refusalOf(verifier, token)).toBeInstanceOf(AuthenticationFailed);
    }
    expect(await refusalOf(verifier, forge({ header: { jku: url } }))).toMatchObject({ reason: 'wrong_header' });
    expect(await refusalOf(verifier, forge({ header: { x5u: url } }))).toMatchObject({ reason: 'wrong_header' });
    expect(await refusalOf(verifier, forge({ claims: { iss: url } }))).toMatchObject({ reason: 'unknown_issuer' });
    expect(connections).toBe(0);

    await fetch(url);
    expect(connections).toBe(1);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe('the attacks detect a verifier that', () => {
  test('accepts any spelling of the same bytes', async () => {
    const lenient: Pick<Authenticator, 'authenticate'> = {
      authenticate: (token) =>
        verifier.authenticate(
          token
            .split('.')
            .map((part) => encode(Buffer.from(part, 'base64url')))
            .join('.'),
        ),
    };

    const found = await successfulAttacks(lenient);

    expect(found).toContain('spare bits set at the end of the signature');
    expect(found).toContain('a trailing space');
    expect(found).toContain('padding after the signature');
  });

  test('leaves everything but the key to a library', async () => {
    const trusting: Pick<Authenticator, 'authenticate'> = {
      authenticate: async (token) => {
        const options = { issuer: 'https://id.example', audience: 'purser', currentDate: new Date(clock()) };
        const { payload } = await jwtVerify(token, keys.es256.publicKey, options).catch(() => {
          throw new AuthenticationFailed('bad_signature');
        });
        return {
          subject: String(payload.sub),
          issuer: '',
          tokenId: null,
          issuedAt: NOW,
          expiresAt: NOW,
          grants: new Map(),
        };
      },
    };

    const found = await successfulAttacks(trusting);

    for (const name of [
      'spare bits set at the end of the signature',
      'two subjects',
      'the same project twice',
      'a claim __proto__',
      'no expiry',
      'an empty subject',
      'a token of 10 MB',
      'a compressed payload (zip)',
      "a text for a project's permissions",
    ]) {
      expect(found).toContain(name);
    }
  });
});
