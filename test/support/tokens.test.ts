import { expect, test } from 'vitest';
import { createKeySets } from '../../src/adapters/auth/jwks.ts';
import { createAuthenticator } from '../../src/adapters/auth/token-verifier.ts';
import { fetchNothing } from './fetch-nothing.ts';
import { createTestIssuer } from './tokens.ts';

test('a token of the test issuer is accepted with the grants that it names', async () => {
  const issuer = createTestIssuer();
  const issuers = [issuer.issuerConfig];
  const authenticator = createAuthenticator({
    issuers,
    keySets: createKeySets(issuers, { clock: Date.now, fetchJson: fetchNothing }),
    clock: Date.now,
  });

  const principal = await authenticator.authenticate(issuer.token({ projects: { demo: ['a', 'b'] }, subject: 'bob' }));

  expect(principal.subject).toBe('bob');
  expect(principal.grants).toEqual(new Map([['demo', new Set(['a', 'b'])]]));
  await expect(authenticator.authenticate(issuer.token({ ttlSeconds: -1 }))).rejects.toMatchObject({
    reason: 'expired',
  });
});
