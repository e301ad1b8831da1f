import { expect, test } from 'vitest';
import { createKeySets, type KeySet } from '../../../src/adapters/auth/jwks.ts';
import { createAuthenticator } from '../../../src/adapters/auth/token-verifier.ts';
import { AuthenticationFailed, type Authenticator } from '../../../src/application/ports/authenticator.ts';
import type { Principal } from '../../../src/domain/permissions.ts';
import { fetchNothing } from '../../support/fetch-nothing.ts';
import { forge, issuers, NOW, withPart } from './forge.ts';

/** A verifier with a settable clock. It counts the tokens for which it looked up a key. */
function observedVerifier(cacheSize = 100) {
  const time = { ms: NOW * 1000 };
  const clock = () => time.ms;
  let verifications = 0;
  const observe = (keySet: KeySet): KeySet => {
    const current = () => {
      const keys = keySet.current();
      if (keys instanceof Promise) throw new Error('a local key set must answer at once');
      return {
        has: keys.has,
        find: (...header: Parameters<typeof keys.find>) => {
          verifications++;
          return keys.find(...header);
        },
      };
    };
    return { current, refetched: () => keySet.refetched(), refresh: () => keySet.refresh() };
  };
  const configured = createKeySets(issuers, { clock, fetchJson: fetchNothing });
  const keySets = new Map([...configured].map(([name, keySet]) => [name, observe(keySet)]));
  const authenticator = createAuthenticator({ issuers, keySets, clock, cacheSize });
  return { authenticator, time, verifications: () => verifications };
}

const reasonOf = (authenticator: Pick<Authenticator, 'authenticate'>, token: string) =>
  authenticator.authenticate(token).then(
    () => 'accepted',
    (error: unknown) => (error instanceof AuthenticationFailed ? error.reason : error),
  );

/** Both checks of a token's times, at every second of its life and shortly before and after. */
async function acceptedSeconds(
  authenticator: Pick<Authenticator, 'authenticate'>,
  time: { ms: number },
): Promise<number[]> {
  const token = forge({ claims: { iat: NOW, nbf: NOW, exp: NOW + 20 } });
  const accepted: number[] = [];
  for (const second of [0, 19, 20, 21, 600, 5, -4, -5, -6, -600, 10]) {
    time.ms = (NOW + second) * 1000;
    if ((await reasonOf(authenticator, token)) === 'accepted') accepted.push(second);
  }
  return accepted;
}
const LIFE_OF_THE_TOKEN = [0, 19, 5, -4, -5, 10];

test('a token is verified once and then remembered', async () => {
  const { authenticator, verifications } = observedVerifier();
  const token = forge();

  const first = await authenticator.authenticate(token);
  const second = await authenticator.authenticate(Buffer.from(token).toString());

  expect(verifications()).toBe(1);
  expect(second).toEqual(first);
});

test('many calls with the same new token share one verification', async () => {
  const { authenticator, verifications } = observedVerifier();
  const token = forge();

  const principals = await Promise.all(Array.from({ length: 100 }, () => authenticator.authenticate(token)));

  expect(verifications()).toBe(1);
  expect(new Set(principals).size).toBe(1);
});

test('a remembered token is refused from the moment it expires, and before it begins', async () => {
  const { authenticator, time, verifications } = observedVerifier();

  expect(await acceptedSeconds(authenticator, time)).toEqual(LIFE_OF_THE_TOKEN);
  expect(verifications()).toBe(1);
});

test('the check of times detects a cache that ignores them', async () => {
  const { authenticator, time } = observedVerifier();
  const remembered = new Map<string, Principal>();
  const careless: Pick<Authenticator, 'authenticate'> = {
    async authenticate(token) {
      const principal = remembered.get(token) ?? (await authenticator.authenticate(token));
      remembered.set(token, principal);
      return principal;
    },
  };

  expect(await acceptedSeconds(careless, time)).not.toEqual(LIFE_OF_THE_TOKEN);
});

test('a token that differs from a remembered one in any part is verified anew', async () => {
  const { authenticator } = observedVerifier();
  const token = forge();
  await authenticator.authenticate(token);
  const other = forge({ claims: { sub: 'bob' } }).split('.');

  for (const index of [0, 1, 2] as const) {
    const mixed = withPart(token, index, (part) => (index === 0 ? part.replace(/.$/, '') : (other[index] ?? '')));
    expect(await reasonOf(authenticator, mixed)).toMatch(/^(bad_signature|malformed)$/);
  }
  expect(await reasonOf(authenticator, `${token} `)).toBe('malformed');
});

test('the cache holds a limited number of tokens and evicts the least recently used', async () => {
  const { authenticator, verifications } = observedVerifier(2);
  const [a, b, c] = ['a', 'b', 'c'].map((sub) => forge({ claims: { sub } })) as [string, string, string];
  await authenticator.authenticate(a);
  await authenticator.authenticate(b);
  await authenticator.authenticate(a);
  await authenticator.authenticate(c);
  expect(verifications()).toBe(3);

  await authenticator.authenticate(a);
  await authenticator.authenticate(c);
  expect(verifications()).toBe(3);
  await authenticator.authenticate(b);
  expect(verifications()).toBe(4);
});

test('the cache is also limited in characters: a long token takes the space of several', async () => {
  const { authenticator, verifications } = observedVerifier(4);
  const tokens = ['a', 'b', 'c', 'd'].map((sub) => forge({ claims: { sub, x: 'x'.repeat(5000) } }));
  for (const token of tokens) await authenticator.authenticate(token);
  for (const token of tokens) await authenticator.authenticate(token);

  expect(verifications()).toBe(8);
});

test('a refused token is not remembered, and evicts no good one', async () => {
  const { authenticator, verifications, time } = observedVerifier(2);
  const good = forge();
  const early = forge({ claims: { nbf: NOW + 60 } });
  await authenticator.authenticate(good);
  for (let n = 0; n < 10; n++) expect(await reasonOf(authenticator, early)).toBe('not_yet_valid');
  expect(verifications()).toBe(11);

  await authenticator.authenticate(good);
  expect(verifications()).toBe(11);
  time.ms += 60_000;
  expect(await reasonOf(authenticator, early)).toBe('accepted');
});

test('if several calls share a refusal, each of them gets it', async () => {
  const { authenticator } = observedVerifier();
  const forged = forge({ key: 'attackerEc', header: { kid: 'es256' } });

  const reasons = await Promise.all(Array.from({ length: 20 }, () => reasonOf(authenticator, forged)));

  expect(new Set(reasons)).toEqual(new Set(['bad_signature']));
});
