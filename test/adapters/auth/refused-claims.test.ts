import { expect, test } from 'vitest';
import { parseIssuers } from '../../../src/adapters/auth/issuers.ts';
import { createKeySets } from '../../../src/adapters/auth/jwks.ts';
import { createAuthenticator } from '../../../src/adapters/auth/token-verifier.ts';
import type { AuthenticationFailed } from '../../../src/application/ports/authenticator.ts';
import { fetchNothing } from '../../support/fetch-nothing.ts';
import { clock, forge, ISSUER, jwk, NOW } from './forge.ts';

const CLAIMS = { sub: 'bob', jti: 'bobs-token', projects: { one: ['x'], two: [] }, project: 'three' };
const NAMED = { issuer: ISSUER, subject: 'bob', tokenId: 'bobs-token', projectIds: ['one', 'two', 'three'] };

async function refusal(token: string, settings: object = {}, isRevoked = false): Promise<AuthenticationFailed> {
  const entry = { issuer: ISSUER, audience: 'purser', jwks: { keys: [jwk('es256')] }, ...settings };
  const issuers = parseIssuers(JSON.stringify([entry]));
  const keySets = createKeySets(issuers, { clock, fetchJson: fetchNothing });
  const revocations = { isRevoked: () => isRevoked };
  return createAuthenticator({ issuers, keySets, revocations, clock })
    .authenticate(token)
    .then(
      () => Promise.reject(new Error('the token was accepted')),
      (error: AuthenticationFailed) => error,
    );
}

test.each([
  ['expired', { exp: NOW - 1 }],
  ['not_yet_valid', { nbf: NOW + 100 }],
  ['wrong_audience', { aud: 'other' }],
  ['too_old', { exp: NOW + 10 * 365 * 86_400 }],
])('a token that is refused as %s names who it was made for, and its projects', async (reason, claims) => {
  expect(await refusal(forge({ claims: { ...CLAIMS, ...claims } }))).toMatchObject({ reason, token: NAMED });
});

test('a revoked token does, too', async () => {
  expect(await refusal(forge({ claims: CLAIMS }), {}, true)).toMatchObject({ reason: 'revoked', token: NAMED });
});

test('a token without a good signature, or with claims that cannot be read, names nobody', async () => {
  const [header, payload, signature = ''] = forge({ claims: { ...CLAIMS, exp: NOW - 1 } }).split('.');
  const other = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  const forged = await refusal([header, payload, other].join('.'));
  expect([forged.reason, forged.token]).toEqual(['bad_signature', undefined]);
  const unreadable = await refusal(forge({ claims: { ...CLAIMS, exp: 'never' } }));
  expect([unreadable.reason, unreadable.token]).toEqual(['invalid_claims', undefined]);
});

test('a token whose issuer leaves permissions to rules names no project', async () => {
  const refused = await refusal(forge({ claims: { ...CLAIMS, exp: NOW - 1 } }), { grants: 'rules' });
  expect(refused.token).toEqual({ ...NAMED, projectIds: [] });
});
