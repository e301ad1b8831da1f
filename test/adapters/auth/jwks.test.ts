import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type KeySet, keepFresh } from '../../../src/adapters/auth/jwks.ts';
import { forge, jwk, NOW } from './forge.ts';
import { outcome, type PublishingIssuer, startPublishingIssuer, until } from './jwks-fixture.ts';

const es256 = forge();
const eddsa = forge({ key: 'eddsa' });

let issuer: PublishingIssuer;
beforeEach(async () => {
  issuer = await startPublishingIssuer();
});
afterEach(() => issuer.close());

describe('the keys of an issuer', () => {
  test('are fetched when the first token arrives, once for many at the same time', async () => {
    const authenticator = issuer.verifier();
    expect(issuer.server.requests()).toBe(0);

    const tokens = Array.from({ length: 50 }, (_, n) => forge({ claims: { n } }));
    const outcomes = await Promise.all(tokens.map((token) => outcome(authenticator, token)));

    expect(new Set(outcomes)).toEqual(new Set(['accepted']));
    expect(issuer.server.requests()).toBe(1);
  });

  test('are not fetched again within 30 s, and are fetched again in the background after that', async () => {
    const authenticator = issuer.verifier();
    await outcome(authenticator, es256);
    issuer.pass(29);
    await outcome(authenticator, es256);
    expect(issuer.server.requests()).toBe(1);

    issuer.pass(2);
    expect(await outcome(authenticator, es256)).toBe('accepted');
    await until(() => issuer.server.requests() === 2);
  });

  test('include a new key two seconds after a fetch', async () => {
    const authenticator = issuer.verifier();
    expect(await outcome(authenticator, eddsa)).toBe('unknown_key');
    issuer.server.publish(jwk('es256'), jwk('eddsa'));

    issuer.pass(2);
    expect(await outcome(authenticator, eddsa)).toBe('accepted');
    expect(issuer.server.requests()).toBe(2);
    expect(await outcome(authenticator, es256)).toBe('accepted');
  });

  test('do not include a removed key 60 s later, for new tokens and for remembered ones', async () => {
    const authenticator = issuer.verifier();
    expect(await outcome(authenticator, es256)).toBe('accepted');
    issuer.server.publish(jwk('eddsa'));

    issuer.pass(60);
    await issuer.refresh();
    const answers = await Promise.all([
      outcome(authenticator, es256),
      outcome(authenticator, forge({ claims: { sub: 'bob' } })),
      outcome(authenticator, eddsa),
    ]);

    expect(answers).toEqual(['unknown_key', 'unknown_key', 'accepted']);
  });

  test('do not include a removed key 60 s later, even if tokens arrive all the time', async () => {
    const authenticator = issuer.verifier();
    await outcome(authenticator, es256);
    issuer.server.publish(jwk('eddsa'));

    for (let second = 1; second <= 60; second++) {
      issuer.pass(1);
      await outcome(authenticator, es256);
    }
    await until(async () => (await outcome(authenticator, es256)) === 'unknown_key');
    expect(issuer.server.requests()).toBeLessThanOrEqual(3);
  });

  test('do not include a key whose material was replaced under the same id', async () => {
    const authenticator = issuer.verifier();
    expect(await outcome(authenticator, es256)).toBe('accepted');
    issuer.server.publish(jwk('attackerEc', { kid: 'es256' }));

    issuer.pass(60);
    await issuer.refresh();
    expect(await outcome(authenticator, es256)).toBe('bad_signature');
    expect(await outcome(authenticator, forge({ key: 'attackerEc', header: { kid: 'es256' } }))).toBe('accepted');
  });

  test('are empty after the issuer publishes none', async () => {
    const authenticator = issuer.verifier();
    expect(await outcome(authenticator, es256)).toBe('accepted');
    issuer.server.publish();

    issuer.pass(60);
    await issuer.refresh();
    expect(await outcome(authenticator, es256)).toBe('unknown_key');
  });

  test('ignore entries that cannot verify a signature, and keep the rest', async () => {
    issuer.server.publish(
      { kty: 'oct', kid: 'es256', k: 'c2VjcmV0', alg: 'HS256' },
      { kty: 'EC', kid: 'broken', crv: 'P-256', x: 'AA', y: 'AA' },
      { kty: 'RSA', kid: 'broken', n: 1, e: {} },
      { kty: '__proto__' },
      { kid: 'no-type' },
      jwk('weak', { alg: 'RS256' }),
      jwk('encryption', { use: 'enc' }),
      jwk('rs256', { alg: 'HS256' }),
      jwk('es256'),
    );
    const authenticator = issuer.verifier();

    expect(await outcome(authenticator, es256)).toBe('accepted');
    expect(await outcome(authenticator, forge({ key: 'weak', header: { alg: 'RS256' }, signAs: 'RS256' }))).toBe(
      'unknown_key',
    );
    expect(await outcome(authenticator, forge({ key: 'encryption' }))).toBe('unknown_key');
    expect(await outcome(authenticator, forge({ key: 'rs256' }))).toBe('unknown_key');
    expect(issuer.failures).toEqual([]);
  });

  test('serve every configured algorithm that fits them if they name none, as the keys of Entra ID do', async () => {
    issuer.server.publish(jwk('rs256'), jwk('es256'));
    const configured = issuer.verifier({ algorithms: ['RS256', 'RS512', 'ES256', 'ES384'] });

    expect(await outcome(configured, forge({ key: 'rs256' }))).toBe('accepted');
    const rs512 = forge({ key: 'rs256', header: { alg: 'RS512' }, signAs: 'RS512' });
    expect(await outcome(configured, rs512)).toBe('accepted');
    const ps256 = forge({ key: 'rs256', header: { alg: 'PS256' }, signAs: 'PS256' });
    expect(await outcome(configured, ps256)).toBe('wrong_algorithm');
    expect(await outcome(configured, forge({ header: { alg: 'ES384' } }))).toBe('unknown_key');
    expect(await outcome(configured, forge({ key: 'rs256', header: { alg: 'ES256' } }))).toBe('unknown_key');
  });

  test('serve the algorithm that they name, and no other', async () => {
    issuer.server.publish(jwk('rs256', { alg: 'RS256' }));
    const authenticator = issuer.verifier();

    expect(await outcome(authenticator, forge({ key: 'rs256' }))).toBe('accepted');
    const ps256 = forge({ key: 'rs256', header: { alg: 'PS256' }, signAs: 'PS256' });
    expect(await outcome(authenticator, ps256)).toBe('unknown_key');
  });

  test('are not fetched a second time during a fetch, however long it takes', async () => {
    const held: (() => void)[] = [];
    issuer.server.answer((response) => held.push(() => response.end(JSON.stringify({ keys: [jwk('es256')] }))));
    const authenticator = issuer.verifier();
    const first = outcome(authenticator, es256);
    await until(() => held.length === 1);

    issuer.pass(60);
    const second = outcome(authenticator, forge({ claims: { sub: 'bob' } }));
    for (const answer of held) answer();

    expect(await Promise.all([first, second])).toEqual(['accepted', 'accepted']);
    expect(issuer.server.requests()).toBe(1);
  });

  test('stay the same objects after a fetch if they did not change: tokens verified with them are not verified again', async () => {
    let searches = 0;
    const authenticator = issuer.verifier({
      wrap: (keySet) => ({
        current: async () => {
          const keys = await keySet.current();
          const find: typeof keys.find = (...wanted) => {
            searches++;
            return keys.find(...wanted);
          };
          return { has: keys.has, find };
        },
        refetched: () => keySet.refetched(),
        refresh: () => keySet.refresh(),
      }),
    });
    await outcome(authenticator, es256);
    issuer.server.publish(jwk('eddsa'), jwk('es256', { x5t: 'a member that changes nothing' }));

    issuer.pass(60);
    await issuer.refresh();
    expect(await outcome(authenticator, es256)).toBe('accepted');
    expect(issuer.server.requests()).toBe(2);
    expect(searches).toBe(1);
  });

  test('are fetched again if the clock was set back', async () => {
    const authenticator = issuer.verifier();
    await outcome(authenticator, es256);
    issuer.server.publish(jwk('eddsa'));

    issuer.pass(-3600);
    const early = { iat: undefined, exp: NOW + 600 };
    expect(await outcome(authenticator, forge({ claims: early }))).toBe('unknown_key');
  });
});

test('the service looks every five seconds whether keys are due', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  let looked = 0;
  const never = async () => Promise.reject(new Error('no token asked'));
  const keySet: KeySet = { current: never, refetched: never, refresh: async () => void looked++ };
  const stop = keepFresh(new Map([['any', keySet]]));
  expect(looked).toBe(1);
  vi.advanceTimersByTime(30_000);
  expect(looked).toBe(7);
  stop();
  vi.advanceTimersByTime(30_000);
  expect(looked).toBe(7);
});

describe('the check for a removed key detects a key set that', () => {
  test('is fetched once and kept', async () => {
    let kept: ReturnType<KeySet['current']> | undefined;
    const authenticator = issuer.verifier({
      wrap: (keySet) => ({
        current: () => (kept ??= keySet.current()),
        refetched: () => keySet.refetched(),
        refresh: () => keySet.refresh(),
      }),
    });
    await outcome(authenticator, es256);
    issuer.server.publish(jwk('eddsa'));

    issuer.pass(60);
    await issuer.refresh();
    expect(await outcome(authenticator, es256)).toBe('accepted');
  });

  test('tells a cache that every key is still there', async () => {
    const authenticator = issuer.verifier({
      wrap: (keySet) => ({
        current: async () => ({ ...(await keySet.current()), has: () => true }),
        refetched: () => keySet.refetched(),
        refresh: () => keySet.refresh(),
      }),
    });
    await outcome(authenticator, es256);
    issuer.server.publish(jwk('eddsa'));

    issuer.pass(60);
    await issuer.refresh();
    expect(await outcome(authenticator, es256)).toBe('accepted');
  });
});
