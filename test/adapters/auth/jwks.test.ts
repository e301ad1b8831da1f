import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseIssuers } from '../../../src/adapters/auth/issuers.ts';
import { createKeySets, type KeySet } from '../../../src/adapters/auth/jwks.ts';
import { createAuthenticator } from '../../../src/adapters/auth/token-verifier.ts';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createGuardedFetchJson } from '../../../src/adapters/egress/guarded-fetch-json.ts';
import { forge, ISSUER, jwk, NOW } from './forge.ts';
import { type JwksServer, startJwksServer } from './jwks-server.ts';

const es256 = forge();
const eddsa = forge({ key: 'eddsa' });
const EXPIRES_LATE = { exp: NOW + 100_000 };

let server: JwksServer;
let ms: number;
let failures: unknown[];
beforeEach(async () => {
  server = await startJwksServer(jwk('es256'));
  ms = NOW * 1000;
  failures = [];
});
afterEach(() => server.close());

const clock = () => ms;
const pass = (seconds: number) => {
  ms += seconds * 1000;
};

interface VerifierOptions {
  readonly wrap?: (keySet: KeySet) => KeySet;
  readonly algorithms?: readonly string[];
}

function verifier({ wrap = (keySet) => keySet, ...issuer }: VerifierOptions = {}) {
  const issuers = parseIssuers(
    JSON.stringify([{ issuer: ISSUER, audience: 'purser', jwksUri: server.url, ...issuer }]),
  );
  const fetchJson = createGuardedFetchJson([server.url], { allow: parseAllowList([]), plainHttpHosts: new Set() });
  const keySets = createKeySets(issuers, { clock, fetchJson, onFetchFailed: (_, error) => failures.push(error) });
  const wrapped = new Map([...keySets].map(([issuer, keySet]) => [issuer, wrap(keySet)]));
  return createAuthenticator({ issuers, keySets: wrapped, clock, cacheSize: 100 });
}

const outcome = (authenticator: ReturnType<typeof verifier>, token: string) =>
  authenticator.authenticate(token).then(
    () => 'accepted',
    (error: { reason?: string }) => error.reason,
  );

const until = async (condition: () => boolean | Promise<boolean>) => {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
};

describe('the keys of an issuer', () => {
  test('are fetched when the first token arrives, once for many at the same time', async () => {
    const authenticator = verifier();
    expect(server.requests()).toBe(0);

    const tokens = Array.from({ length: 50 }, (_, n) => forge({ claims: { n } }));
    const outcomes = await Promise.all(tokens.map((token) => outcome(authenticator, token)));

    expect(new Set(outcomes)).toEqual(new Set(['accepted']));
    expect(server.requests()).toBe(1);
  });

  test('are not fetched again within 30 s, and are fetched again in the background after that', async () => {
    const authenticator = verifier();
    await outcome(authenticator, es256);
    pass(29);
    await outcome(authenticator, es256);
    expect(server.requests()).toBe(1);

    pass(2);
    expect(await outcome(authenticator, es256)).toBe('accepted');
    await until(() => server.requests() === 2);
  });

  test('include a new key after one refetch', async () => {
    const authenticator = verifier();
    expect(await outcome(authenticator, eddsa)).toBe('unknown_key');
    server.publish(jwk('es256'), jwk('eddsa'));

    pass(30);
    expect(await outcome(authenticator, eddsa)).toBe('accepted');
    expect(server.requests()).toBe(2);
    expect(await outcome(authenticator, es256)).toBe('accepted');
  });

  test('do not include a removed key 60 s later, for new tokens and for remembered ones', async () => {
    const authenticator = verifier();
    expect(await outcome(authenticator, es256)).toBe('accepted');
    server.publish(jwk('eddsa'));

    pass(60);
    const answers = await Promise.all([
      outcome(authenticator, es256),
      outcome(authenticator, forge({ claims: { sub: 'bob' } })),
      outcome(authenticator, eddsa),
    ]);

    expect(answers).toEqual(['unknown_key', 'unknown_key', 'accepted']);
  });

  test('do not include a removed key 60 s later, even if tokens arrive all the time', async () => {
    const authenticator = verifier();
    await outcome(authenticator, es256);
    server.publish(jwk('eddsa'));

    for (let second = 1; second < 60; second++) {
      pass(1);
      await outcome(authenticator, es256);
    }
    pass(1);
    expect(await outcome(authenticator, es256)).toBe('unknown_key');
  });

  test('do not include a key whose material was replaced under the same id', async () => {
    const authenticator = verifier();
    expect(await outcome(authenticator, es256)).toBe('accepted');
    server.publish(jwk('attackerEc', { kid: 'es256' }));

    pass(60);
    expect(await outcome(authenticator, es256)).toBe('bad_signature');
    expect(await outcome(authenticator, forge({ key: 'attackerEc', header: { kid: 'es256' } }))).toBe('accepted');
  });

  test('are empty after the issuer publishes none', async () => {
    const authenticator = verifier();
    expect(await outcome(authenticator, es256)).toBe('accepted');
    server.publish();

    pass(60);
    expect(await outcome(authenticator, es256)).toBe('unknown_key');
  });

  test('ignore entries that cannot verify a signature, and keep the rest', async () => {
    server.publish(
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
    const authenticator = verifier();

    expect(await outcome(authenticator, es256)).toBe('accepted');
    expect(await outcome(authenticator, forge({ key: 'weak', header: { alg: 'RS256' }, signAs: 'RS256' }))).toBe(
      'unknown_key',
    );
    expect(await outcome(authenticator, forge({ key: 'encryption' }))).toBe('unknown_key');
    expect(await outcome(authenticator, forge({ key: 'rs256' }))).toBe('unknown_key');
    expect(failures).toEqual([]);
  });

  test('serve every configured algorithm that fits them if they name none, as the keys of Entra ID do', async () => {
    server.publish(jwk('rs256'), jwk('es256'));
    const configured = verifier({ algorithms: ['RS256', 'RS512', 'ES256', 'ES384'] });

    expect(await outcome(configured, forge({ key: 'rs256' }))).toBe('accepted');
    const rs512 = forge({ key: 'rs256', header: { alg: 'RS512' }, signAs: 'RS512' });
    expect(await outcome(configured, rs512)).toBe('accepted');
    const ps256 = forge({ key: 'rs256', header: { alg: 'PS256' }, signAs: 'PS256' });
    expect(await outcome(configured, ps256)).toBe('wrong_algorithm');
    expect(await outcome(configured, forge({ header: { alg: 'ES384' } }))).toBe('unknown_key');
    expect(await outcome(configured, forge({ key: 'rs256', header: { alg: 'ES256' } }))).toBe('unknown_key');
  });

  test('serve the algorithm that they name, and no other', async () => {
    server.publish(jwk('rs256', { alg: 'RS256' }));
    const authenticator = verifier();

    expect(await outcome(authenticator, forge({ key: 'rs256' }))).toBe('accepted');
    const ps256 = forge({ key: 'rs256', header: { alg: 'PS256' }, signAs: 'PS256' });
    expect(await outcome(authenticator, ps256)).toBe('unknown_key');
  });

  test('are not fetched a second time during a fetch, however long it takes', async () => {
    const held: (() => void)[] = [];
    server.answer((response) => held.push(() => response.end(JSON.stringify({ keys: [jwk('es256')] }))));
    const authenticator = verifier();
    const first = outcome(authenticator, es256);
    await until(() => held.length === 1);

    pass(60);
    const second = outcome(authenticator, forge({ claims: { sub: 'bob' } }));
    for (const answer of held) answer();

    expect(await Promise.all([first, second])).toEqual(['accepted', 'accepted']);
    expect(server.requests()).toBe(1);
  });

  test('stay the same objects after a fetch if they did not change: tokens verified with them are not verified again', async () => {
    let searches = 0;
    const authenticator = verifier({
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
      }),
    });
    await outcome(authenticator, es256);
    server.publish(jwk('eddsa'), jwk('es256', { x5t: 'a member that changes nothing' }));

    pass(60);
    expect(await outcome(authenticator, es256)).toBe('accepted');
    expect(server.requests()).toBe(2);
    expect(searches).toBe(1);
  });

  test('are fetched again if the clock was set back', async () => {
    const authenticator = verifier();
    await outcome(authenticator, es256);
    server.publish(jwk('eddsa'));

    pass(-3600);
    const early = { iat: undefined, exp: NOW + 600 };
    expect(await outcome(authenticator, forge({ claims: early }))).toBe('unknown_key');
  });
});

test('a flood of unknown key ids causes one fetch in 30 s', async () => {
  const authenticator = verifier();
  let expected = 0;
  for (let minute = 0; minute < 3; minute++) {
    const flood = Array.from({ length: 300 }, (_, n) => forge({ header: { kid: `${minute}-${n}` } }));
    const outcomes = await Promise.all(flood.map((token) => outcome(authenticator, token)));
    expect(new Set(outcomes)).toEqual(new Set(['unknown_key']));
    expect(server.requests()).toBe(++expected);

    pass(29);
    for (const token of flood.slice(0, 50)) await outcome(authenticator, token);
    expect(server.requests()).toBe(expected);
    pass(1);
  }
});

describe('while an issuer cannot be reached', () => {
  const down: Readonly<Record<string, () => unknown>> = {
    'it refuses connections': () => server.close(),
    'it cuts them': () => server.answer((response) => response.destroy()),
    'it answers 500': () => server.answer((response) => response.writeHead(500).end('{"keys":[]}')),
    'it answers 404 with an empty set': () => server.answer((response) => response.writeHead(404).end('{"keys":[]}')),
    'it redirects': () => server.answer((response) => response.writeHead(302, { location: server.url }).end()),
    'it answers with HTML': () => server.answer((response) => response.end('<html>Back soon</html>')),
    'it answers with another document': () => server.answer((response) => response.end('{"error":"maintenance"}')),
    'it answers with a list': () => server.answer((response) => response.end('[]')),
    'it sends more than 64 KiB': () =>
      server.answer((response) => response.end(JSON.stringify({ keys: [], x: 'x'.repeat(65_536) }))),
    'it stops in the middle': () =>
      server.answer((response) => {
        response.writeHead(200, { 'content-length': 1000 }).write('{"keys":[');
        setImmediate(() => response.destroy());
      }),
  };

  test.each(Object.entries(down))(
    'because %s, its keys are used for 10 min and then no token is accepted',
    async (_, bringDown) => {
      const authenticator = verifier();
      const token = forge({ claims: EXPIRES_LATE });
      expect(await outcome(authenticator, token)).toBe('accepted');
      await bringDown();

      for (const seconds of [60, 120, 400, 19]) {
        pass(seconds);
        expect(await outcome(authenticator, token)).toBe('accepted');
        expect(await outcome(authenticator, forge({ claims: { ...EXPIRES_LATE, seconds } }))).toBe('accepted');
      }
      expect(failures.length).toBeGreaterThan(0);

      pass(1);
      expect(await outcome(authenticator, token)).toBe('keys_unavailable');
      expect(await outcome(authenticator, forge({ claims: { ...EXPIRES_LATE, n: 0 } }))).toBe('keys_unavailable');
    },
  );

  test('no token is accepted if its keys were never fetched', async () => {
    await server.close();
    const authenticator = verifier();

    expect(await outcome(authenticator, es256)).toBe('keys_unavailable');
    expect(failures).toHaveLength(1);
  });

  test('it is tried again every 30 s, and its tokens are accepted as soon as it answers', async () => {
    server.answer((response) => response.writeHead(503).end());
    const authenticator = verifier();
    for (let second = 0; second < 90; second++) {
      expect(await outcome(authenticator, es256)).toBe('keys_unavailable');
      pass(1);
    }
    expect(server.requests()).toBe(3);

    server.publish(jwk('es256'));
    expect(await outcome(authenticator, es256)).toBe('accepted');
  });

  test('requests do not wait for further attempts', async () => {
    const authenticator = verifier();
    const token = forge({ claims: EXPIRES_LATE });
    await outcome(authenticator, token);
    server.answer((response) => response.destroy());
    pass(60);
    await outcome(authenticator, token);

    const held: (() => void)[] = [];
    server.answer((response) => held.push(() => response.destroy()));
    pass(30);
    expect(await outcome(authenticator, token)).toBe('accepted');
    await until(() => held.length === 1);
    for (const cut of held) cut();
    await until(() => failures.length === 2);
  });
});

describe('the check for a removed key detects a key set that', () => {
  test('is fetched once and kept', async () => {
    let kept: ReturnType<KeySet['current']> | undefined;
    const authenticator = verifier({
      wrap: (keySet) => ({
        current: () => (kept ??= keySet.current()),
        refetched: () => keySet.refetched(),
      }),
    });
    await outcome(authenticator, es256);
    server.publish(jwk('eddsa'));

    pass(60);
    expect(await outcome(authenticator, es256)).toBe('accepted');
  });

  test('tells a cache that every key is still there', async () => {
    const authenticator = verifier({
      wrap: (keySet) => ({
        current: async () => ({ ...(await keySet.current()), has: () => true }),
        refetched: () => keySet.refetched(),
      }),
    });
    await outcome(authenticator, es256);
    server.publish(jwk('eddsa'));

    pass(60);
    expect(await outcome(authenticator, es256)).toBe('accepted');
  });
});
