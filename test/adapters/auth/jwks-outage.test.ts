import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { forge, jwk, NOW } from './forge.ts';
import { outcome, type PublishingIssuer, startPublishingIssuer, until } from './jwks-fixture.ts';

const es256 = forge();
const EXPIRES_LATE = { exp: NOW + 100_000 };

let issuer: PublishingIssuer;
beforeEach(async () => {
  issuer = await startPublishingIssuer();
});
afterEach(() => issuer.close());

describe('while an issuer cannot be reached', () => {
  const down: Readonly<Record<string, () => unknown>> = {
    'it refuses connections': () => issuer.server.close(),
    'it cuts them': () => issuer.server.answer((response) => response.destroy()),
    'it answers 500': () => issuer.server.answer((response) => response.writeHead(500).end('{"keys":[]}')),
    'it answers 404 with an empty set': () =>
      issuer.server.answer((response) => response.writeHead(404).end('{"keys":[]}')),
    'it redirects': () =>
      issuer.server.answer((response) => response.writeHead(302, { location: issuer.server.url }).end()),
    'it answers with HTML': () => issuer.server.answer((response) => response.end('<html>Back soon</html>')),
    'it answers with another document': () =>
      issuer.server.answer((response) => response.end('{"error":"maintenance"}')),
    'it answers with a list': () => issuer.server.answer((response) => response.end('[]')),
    'it sends more than 64 KiB': () =>
      issuer.server.answer((response) => response.end(JSON.stringify({ keys: [], x: 'x'.repeat(65_536) }))),
    'it stops in the middle': () =>
      issuer.server.answer((response) => {
        response.writeHead(200, { 'content-length': 1000 }).write('{"keys":[');
        setImmediate(() => response.destroy());
      }),
  };

  test.each(Object.entries(down))(
    'because %s, its keys are used for 10 min and then no token is accepted',
    async (_, bringDown) => {
      const authenticator = issuer.verifier();
      const token = forge({ claims: EXPIRES_LATE });
      expect(await outcome(authenticator, token)).toBe('accepted');
      await bringDown();

      for (const seconds of [60, 120, 400, 19]) {
        issuer.pass(seconds);
        await issuer.refresh();
        expect(await outcome(authenticator, token)).toBe('accepted');
        expect(await outcome(authenticator, forge({ claims: { ...EXPIRES_LATE, seconds } }))).toBe('accepted');
      }
      expect(issuer.failures.length).toBeGreaterThan(0);

      issuer.pass(1);
      expect(await outcome(authenticator, token)).toBe('keys_unavailable');
      expect(await outcome(authenticator, forge({ claims: { ...EXPIRES_LATE, n: 0 } }))).toBe('keys_unavailable');
    },
  );

  test('no token is accepted if its keys were never fetched', async () => {
    await issuer.server.close();
    const authenticator = issuer.verifier();

    expect(await outcome(authenticator, es256)).toBe('keys_unavailable');
    expect(issuer.failures.length).toBeGreaterThan(0);
  });

  test('it is tried again all the time if there are no keys, but not more often than each 1.5 s', async () => {
    issuer.server.answer((response) => response.writeHead(503).end());
    const authenticator = issuer.verifier();
    for (let second = 0; second < 90; second++) {
      expect(await outcome(authenticator, es256)).toBe('keys_unavailable');
      issuer.pass(1);
    }
    expect(issuer.server.requests()).toBe(45);

    issuer.server.publish(jwk('es256'));
    issuer.pass(1);
    expect(await outcome(authenticator, es256)).toBe('accepted');
  });

  test('no request waits for an issuer that hangs: its keys are used until they are too old', async () => {
    const authenticator = issuer.verifier();
    const token = forge({ claims: EXPIRES_LATE });
    await outcome(authenticator, token);
    const held: (() => void)[] = [];
    issuer.server.answer((response) => held.push(() => response.destroy()));

    for (const seconds of [30, 30, 300, 239]) {
      issuer.pass(seconds);
      expect(await outcome(authenticator, token)).toBe('accepted');
      expect(await outcome(authenticator, forge({ claims: { ...EXPIRES_LATE, seconds } }))).toBe('accepted');
    }
    await until(() => held.length > 0);
    // Nobody had answered yet.
    expect(issuer.failures).toEqual([]);

    issuer.pass(1);
    const late = outcome(authenticator, token);
    for (const cut of held) cut();
    expect(await late).toBe('keys_unavailable');
  });
});
