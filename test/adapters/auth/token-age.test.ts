import { expect, test } from 'vitest';
import { parseIssuers } from '../../../src/adapters/auth/issuers.ts';
import { createKeySets } from '../../../src/adapters/auth/jwks.ts';
import { createAuthenticator } from '../../../src/adapters/auth/token-verifier.ts';
import { fetchNothing } from '../../support/fetch-nothing.ts';
import { clock, forge, ISSUER, jwk, NOW } from './forge.ts';

const DAY = 86_400;

function verifier(settings: Readonly<Record<string, unknown>> = {}) {
  const entry = { issuer: ISSUER, audience: 'purser', jwks: { keys: [jwk('es256')] }, ...settings };
  const issuers = parseIssuers(JSON.stringify([entry]));
  return createAuthenticator({ issuers, keySets: createKeySets(issuers, { clock, fetchJson: fetchNothing }), clock });
}

const outcome = (settings: Readonly<Record<string, unknown>>, claims: Readonly<Record<string, unknown>>) =>
  verifier(settings)
    .authenticate(forge({ claims }))
    .then(
      () => 'accepted',
      (error: { reason?: string }) => error.reason,
    );
const living = (seconds: number) => ({ iat: NOW - 10, exp: NOW - 10 + seconds });

test.each([
  ['90 days by default', {}, 90 * DAY],
  ['90 days if its claims grant permissions', { grants: 'claims' }, 90 * DAY],
  ['24 hours if rules grant permissions', { grants: 'rules' }, DAY],
  ['what its issuer may, as a time', { maxTokenAge: '30m' }, 1800],
  ['what its issuer may, in seconds', { maxTokenAge: 600 }, 600],
  ['what its issuer may, longer than the default', { grants: 'rules', maxTokenAge: '365d' }, 365 * DAY],
])('a token may live %s from its issue to its expiry', async (_, settings, seconds) => {
  expect(await outcome(settings, living(seconds))).toBe('accepted');
  expect(await outcome(settings, living(seconds + 1))).toBe('too_old');
});

test('a token that does not say when it was issued is refused: its age is not known', async () => {
  expect(await outcome({}, { iat: undefined })).toBe('invalid_claims');
  expect(await outcome({ maxTokenAge: '365d' }, { iat: undefined, nbf: NOW - 10 })).toBe('invalid_claims');
});

test('the clock of an issuer may be ahead by its tolerance', async () => {
  for (const [settings, seconds] of [
    [{}, 5],
    [{ clockTolerance: 0 }, 0],
    [{ clockTolerance: 120 }, 120],
  ] as const) {
    expect(await outcome(settings, { iat: NOW + seconds })).toBe('accepted');
    expect(await outcome(settings, { iat: NOW + seconds + 1 })).toBe('not_yet_valid');
    expect(await outcome(settings, { nbf: NOW + seconds + 1 })).toBe('not_yet_valid');
  }
  // Never the other way round: a token ends when it says.
  expect(await outcome({ clockTolerance: 300 }, { exp: NOW })).toBe('expired');
});

test('the claims of a token grant nothing if rules are to', async () => {
  const granted = async (grants: string) => (await verifier({ grants }).authenticate(forge())).grants.size;
  expect([await granted('claims'), await granted('rules')]).toEqual([1, 0]);
});

test('an issuer may name claims of its own as Purser does, if rules are to grant', async () => {
  for (const own of [{ project: { id: 7 } }, { projects: ['web'] }, { permissions: 'contents: read' }]) {
    expect(await outcome({ grants: 'rules' }, own)).toBe('accepted');
    expect(await outcome({ grants: 'claims' }, own)).toBe('invalid_claims');
  }
});
