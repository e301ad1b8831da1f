import { afterEach, beforeEach, expect, test } from 'vitest';
import { forge, jwk } from './forge.ts';
import { outcome, type PublishingIssuer, startPublishingIssuer } from './jwks-fixture.ts';

let issuer: PublishingIssuer;
beforeEach(async () => {
  issuer = await startPublishingIssuer();
});
afterEach(() => issuer.close());

const invented = (name: string) => forge({ header: { kid: name } });

test('a flood of invented key ids causes one fetch in 1.5 s', async () => {
  const authenticator = issuer.verifier();
  let expected = 0;
  for (let round = 0; round < 3; round++) {
    const flood = Array.from({ length: 300 }, (_, n) => invented(`${round}-${n}`));
    const outcomes = await Promise.all(flood.map((token) => outcome(authenticator, token)));
    expect(new Set(outcomes)).toEqual(new Set(['unknown_key']));
    expect(issuer.server.requests()).toBe(++expected);

    issuer.pass(1.4);
    for (const token of flood.slice(0, 50)) await outcome(authenticator, token);
    expect(issuer.server.requests()).toBe(expected);
    issuer.pass(0.1);
  }
});

test('a new key is accepted within 2 s, whatever invented key ids come before and meanwhile', async () => {
  const authenticator = issuer.verifier();
  const fresh = forge({ key: 'eddsa' });
  for (let round = 0; round < 20; round++) {
    await outcome(authenticator, invented(`before-${round}`));
    issuer.pass(0.3);
  }
  await outcome(authenticator, invented('just now'));
  issuer.server.publish(jwk('es256'), jwk('eddsa'));

  const outcomes: (string | undefined)[] = [];
  for (let tenth = 0; tenth < 20; tenth++) {
    await outcome(authenticator, invented(`meanwhile-${tenth}`));
    outcomes.push(await outcome(authenticator, fresh));
    issuer.pass(0.1);
  }
  expect(outcomes.at(-1)).toBe('accepted');
});

test('in a minute of invented key ids the issuer is asked forty times at most', async () => {
  const authenticator = issuer.verifier();
  for (let tenth = 0; tenth < 600; tenth++) {
    await outcome(authenticator, invented(`flood-${tenth}`));
    issuer.pass(0.1);
  }
  expect(issuer.server.requests()).toBeLessThanOrEqual(41);
});
