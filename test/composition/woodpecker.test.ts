import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { woodpeckerRuleIssuers } from '../../src/composition/woodpecker.ts';

const { publicKey } = generateKeyPairSync('ed25519');
const SERVERS = [
  { url: 'https://rules.example', publicKey },
  { url: 'https://projects.example', publicKey, projects: ['demo'] },
];

it('trust rules are for Woodpecker servers without projects', () => {
  const issuers = [{ issuer: 'https://issuer.example' }, { issuer: 'https://projects.example' }];
  expect(woodpeckerRuleIssuers(SERVERS, issuers)).toEqual(['https://rules.example']);
});

it('a server that has the address of an issuer of tokens is refused: a rule could not tell them apart', () => {
  expect(() => woodpeckerRuleIssuers(SERVERS, [{ issuer: 'https://rules.example' }])).toThrow(
    /^WOODPECKER_SERVERS: https:\/\/rules\.example is an issuer of JWT_ISSUERS too\./,
  );
});
