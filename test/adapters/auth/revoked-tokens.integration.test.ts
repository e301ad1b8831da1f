import { expect, test } from 'vitest';
import { MAX_ENTRIES, readRevokedTokens } from '../../../src/adapters/auth/revoked-tokens.ts';
import { stallDuring } from '../../support/stall.ts';

const ISSUER = 'https://id.example';
const NAMES = new Set([ISSUER]);

test('a million entries hold nobody up, and more are refused', async () => {
  function* lines(count: number) {
    for (let n = 0; n < count; n++) yield `{"issuer":"${ISSUER}","jti":"${n}"}`;
  }
  const before = process.memoryUsage().heapUsed;
  let revoked = await readRevokedTokens([], NAMES, 'the list');
  const begin = performance.now();
  const stalledMs = await stallDuring(async () => {
    revoked = await readRevokedTokens(lines(MAX_ENTRIES), NAMES, 'the list');
  });
  const includes = (tokenId: string) => revoked.isRevoked({ issuer: ISSUER, subject: 'alice', tokenId, issuedAt: 0 });
  expect(includes(String(MAX_ENTRIES - 1))).toBe(true);
  expect(includes(String(MAX_ENTRIES))).toBe(false);
  // Read in one go, they would hold others up for all of it.
  expect(stalledMs).toBeLessThan((performance.now() - begin) / 2);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(400 * 1024 * 1024);
  const tooMany = readRevokedTokens(lines(MAX_ENTRIES + 1), NAMES, 'the list');
  await expect(tooMany).rejects.toThrow(`line ${MAX_ENTRIES + 1} is entry ${MAX_ENTRIES + 1}: at most ${MAX_ENTRIES}`);
}, 180_000);
