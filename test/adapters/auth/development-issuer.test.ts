import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DevelopmentIssuer, openDevelopmentIssuer } from '../../../src/adapters/auth/development-issuer.ts';
import { createKeySets } from '../../../src/adapters/auth/jwks.ts';
import { createAuthenticator } from '../../../src/adapters/auth/token-verifier.ts';
import { fetchNothing } from '../../support/fetch-nothing.ts';
import { startJwksServer } from './jwks-server.ts';

const token = { projectIds: ['demo', 'other'], permissions: ['x', 'y'], subject: 'alice', ttlSeconds: 60 };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'purser-development-'));
});
afterEach(() => rm(folder, { recursive: true }));

const dataDir = () => join(folder, 'data');
const keyPath = () => join(dataDir(), 'development-issuer.json');

function verifierOf({ issuerConfig }: DevelopmentIssuer) {
  const issuers = [issuerConfig];
  const keySets = createKeySets(issuers, { clock: Date.now, fetchJson: fetchNothing });
  return createAuthenticator({ issuers, keySets, clock: Date.now });
}

test('its tokens are accepted with the requested grants', async () => {
  const issuer = await openDevelopmentIssuer(dataDir());
  const before = Math.floor(Date.now() / 1000) * 1000;

  const principal = await verifierOf(issuer).authenticate(await issuer.signToken(token));

  expect(principal.subject).toBe('alice');
  expect(principal.issuer).toBe('urn:purser:development');
  expect(principal.expiresAt).toBeGreaterThanOrEqual(before + 60_000);
  expect(principal.grants).toEqual(
    new Map([
      ['demo', new Set(['x', 'y'])],
      ['other', new Set(['x', 'y'])],
    ]),
  );
});

test('its public keys verify its tokens, and reveal no private key', async () => {
  const issuer = await openDevelopmentIssuer(dataDir());
  const server = await startJwksServer(...issuer.publicJwks().keys);
  try {
    const keys = createRemoteJWKSet(new URL(server.url));
    const { payload } = await jwtVerify(await issuer.signToken(token), keys, { audience: 'purser' });
    expect(payload.sub).toBe('alice');
  } finally {
    await server.close();
  }
  const { d } = JSON.parse(await readFile(keyPath(), 'utf8'));
  expect(d).toMatch(/^[\w-]{43}$/);
  expect(JSON.stringify([issuer.publicJwks(), issuer.issuerConfig])).not.toContain(d);
});

test('two tokens are never equal', async () => {
  const issuer = await openDevelopmentIssuer(dataDir());

  expect(await issuer.signToken(token)).not.toBe(await issuer.signToken(token));
});

test('only the owner can read the key and the folder created for it', async () => {
  await openDevelopmentIssuer(dataDir());

  expect((await stat(keyPath())).mode & 0o777).toBe(0o600);
  expect((await stat(dataDir())).mode & 0o777).toBe(0o700);
  expect(await readdir(dataDir())).toEqual(['development-issuer.json']);
});

test('the key is the same at the next start', async () => {
  const first = await openDevelopmentIssuer(dataDir());
  const second = await openDevelopmentIssuer(dataDir());

  expect(second.publicJwks()).toEqual(first.publicJwks());
  expect(await verifierOf(second).authenticate(await first.signToken(token))).toMatchObject({ subject: 'alice' });
});

test('another folder has another key, and the tokens of that key are refused', async () => {
  const here = await openDevelopmentIssuer(dataDir());
  const there = await openDevelopmentIssuer(join(folder, 'elsewhere'));

  await expect(verifierOf(here).authenticate(await there.signToken(token))).rejects.toThrow();
});

test('a key that other users may read is refused, and the message says what to do', async () => {
  await openDevelopmentIssuer(dataDir());
  for (const mode of [0o640, 0o604, 0o620]) {
    await chmod(keyPath(), mode);
    await expect(openDevelopmentIssuer(dataDir())).rejects.toThrow(
      /Other users may read .*development-issuer\.json.* chmod 600/,
    );
  }
  await chmod(keyPath(), 0o600);
  await openDevelopmentIssuer(dataDir());
});

test.each([
  ['an empty file', ''],
  ['half a file', '{"kty":"OKP","crv":"Ed25519","d":"AAAA'],
  ['another JSON', '{"keys":[]}'],
  ['null', 'null'],
  ['a public key', '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'],
  ['a key that is too short', '{"kty":"OKP","crv":"Ed25519","x":"AAAA","d":"AAAA"}'],
])('%s instead of the key is refused with its path, and is not replaced', async (_, content) => {
  await openDevelopmentIssuer(dataDir());
  await writeFile(keyPath(), content);

  await expect(openDevelopmentIssuer(dataDir())).rejects.toThrow(keyPath());
  expect(await readFile(keyPath(), 'utf8')).toBe(content);
});

test('a public part that does not belong to the private one is not published', async () => {
  const honest = await openDevelopmentIssuer(dataDir());
  const stored = JSON.parse(await readFile(keyPath(), 'utf8'));
  const other = await openDevelopmentIssuer(join(folder, 'elsewhere'));
  await writeFile(keyPath(), JSON.stringify({ ...stored, x: other.publicJwks().keys[0]?.x }));

  const reopened = await openDevelopmentIssuer(dataDir());

  expect(reopened.publicJwks()).toEqual(honest.publicJwks());
});

/** How many different keys 20 simultaneous starts see. */
async function keysSeenAtOnce(open: (dir: string) => Promise<unknown>, dir: string): Promise<number> {
  const keys = await Promise.all(Array.from({ length: 20 }, () => open(dir)));
  return new Set(keys.map((key) => JSON.stringify(key))).size;
}

test('simultaneous starts in one process get the same key', async () => {
  for (let round = 0; round < 10; round++) {
    const dir = join(folder, String(round));
    const open = async () => (await openDevelopmentIssuer(dir)).publicJwks();

    expect(await keysSeenAtOnce(open, dir)).toBe(1);
    expect(await readdir(dir)).toEqual(['development-issuer.json']);
  }
});

test('that check detects an issuer that looks first and writes afterwards', async () => {
  const careless = async (dir: string) => {
    const path = join(dir, 'key');
    const stored = await readFile(path, 'utf8').catch(() => undefined);
    if (stored !== undefined) return stored;
    const own = randomUUID();
    await writeFile(path, own);
    return own;
  };

  expect(await keysSeenAtOnce(careless, folder)).toBeGreaterThan(1);
});
