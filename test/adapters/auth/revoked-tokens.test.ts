import { expect, test } from 'vitest';
import { createKeySets } from '../../../src/adapters/auth/jwks.ts';
import { readRevokedTokens } from '../../../src/adapters/auth/revoked-tokens.ts';
import { createAuthenticator } from '../../../src/adapters/auth/token-verifier.ts';
import { fetchNothing } from '../../support/fetch-nothing.ts';
import { clock, forge, ISSUER, issuers, NOW, OTHER_ISSUER } from './forge.ts';

const NAMES = new Set([ISSUER, OTHER_ISSUER]);
const read = (...lines: string[]) => readRevokedTokens(lines, NAMES, 'the list');
const token = (changes: object = {}) => ({
  issuer: ISSUER,
  subject: 'alice',
  tokenId: 'token-1',
  issuedAt: Date.parse('2026-03-01T00:00:00Z'),
  ...changes,
});

test('one token is revoked by its id, at its issuer alone', async () => {
  const revoked = await read('# lost laptop', '', `{"issuer":"${ISSUER}","jti":"token-1"}`);
  expect(revoked.isRevoked(token())).toBe(true);
  for (const other of [{ tokenId: 'token-2' }, { tokenId: null }, { tokenId: 'TOKEN-1' }, { issuer: OTHER_ISSUER }]) {
    expect(revoked.isRevoked(token(other))).toBe(false);
  }
});

test('all tokens of a subject that were issued before a time are revoked, and none from then on', async () => {
  const entry = (time: string) => `{"issuer":"${ISSUER}","subject":"alice","issuedBefore":"${time}"}`;
  // The latest counts, in whatever order they stand.
  const revoked = await read(
    entry('2026-03-01T00:00:00Z'),
    entry('2026-03-01T01:00:01+01:00'),
    entry('2025-01-01T00:00:00Z'),
  );
  expect(revoked.isRevoked(token())).toBe(true);
  expect(revoked.isRevoked(token({ tokenId: null }))).toBe(true);
  const from = Date.parse('2026-03-01T00:00:01Z');
  for (const other of [{ issuedAt: from }, { subject: 'bob' }, { issuer: OTHER_ISSUER }]) {
    expect(revoked.isRevoked(token(other))).toBe(false);
  }
});

test.each([
  ['no JSON', 'token-1'],
  ['a list', '["token-1"]'],
  ['no issuer', '{"jti":"token-1"}'],
  ['no token and no subject', `{"issuer":"${ISSUER}"}`],
  ['a number for the id', `{"issuer":"${ISSUER}","jti":1}`],
  ['a subject without a time', `{"issuer":"${ISSUER}","subject":"alice"}`],
  ['a time without its zone', `{"issuer":"${ISSUER}","subject":"alice","issuedBefore":"2026-03-01T00:00:00"}`],
  ['an unknown field', `{"issuer":"${ISSUER}","jti":"token-1","until":"tomorrow"}`],
  ['half a line', `{"issuer":"${ISSUER}","jti":"tok`],
  ['a line of 4 kB', `{"issuer":"${ISSUER}","jti":"${'x'.repeat(4096)}"}`],
])('a list with %s is refused as a whole, and the message tells the line', async (_, line) => {
  await expect(read(`{"issuer":"${ISSUER}","jti":"token-0"}`, line)).rejects.toThrow(
    'the list: line 2 must be a JSON object: {"issuer", "jti"} for one token, or {"issuer", "subject", "issuedBefore"}',
  );
});

test('an issuer that is not configured is refused: the entry would revoke nothing', async () => {
  await expect(read('{"issuer":"https://id.exampel","jti":"token-1"}')).rejects.toThrow(
    'the list: line 1 names an issuer that JWT_ISSUERS does not have.',
  );
});

test('a token that was accepted before, and is remembered, is refused once it is revoked', async () => {
  const revoked = new Set<string | null>();
  const revocations = { isRevoked: ({ tokenId }: { tokenId: string | null }) => revoked.has(tokenId) };
  const keySets = createKeySets(issuers, { clock, fetchJson: fetchNothing });
  const authenticator = createAuthenticator({ issuers, keySets, clock, revocations });
  const jwt = forge({ claims: { jti: 'token-1' } });
  expect(await authenticator.authenticate(jwt)).toMatchObject({ tokenId: 'token-1', issuedAt: (NOW - 10) * 1000 });

  revoked.add('token-1');
  await expect(authenticator.authenticate(jwt)).rejects.toMatchObject({ reason: 'revoked', issuer: ISSUER });
  const neverSeen = forge({ claims: { jti: 'token-1', sub: 'bob' } });
  await expect(authenticator.authenticate(neverSeen)).rejects.toMatchObject({ reason: 'revoked' });

  revoked.clear();
  expect(await authenticator.authenticate(jwt)).toMatchObject({ tokenId: 'token-1' });
});
