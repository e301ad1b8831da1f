import { describe, expect, it } from 'vitest';
import { checkCredential } from '../../src/application/registry-details.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from '../support/canary.ts';

const SOONER = '2030-01-31T09:00:00.000Z';
const TOLD = '2030-01-31T12:00:00.000Z';
const LATER = '2030-02-28T09:00:00.000Z';
const ecrPassword = Buffer.from(
  JSON.stringify({ payload: canary('ecr'), datakey: 'k', version: '2', expiration: Date.parse(TOLD) / 1000 }),
).toString('base64');

describe('the expiry of a credential', () => {
  it.each([
    ['what the secret tells, with no other date', ecrPassword, null, TOLD, 'SECRET'],
    ['what the secret tells, where a later date is declared', ecrPassword, LATER, TOLD, 'SECRET'],
    ['a declared date that comes before what the secret tells', ecrPassword, SOONER, SOONER, 'DECLARED'],
    ['a declared date, where the secret tells none', canary('opaque'), LATER, LATER, 'DECLARED'],
    ['not known, where nobody tells it', canary('opaque'), null, null, null],
  ])('is %s', (_, password, declared, expiresAt, expirySource) => {
    const options = { expiresAt: declared, mint: null };
    const { proposed } = checkCredential('AMAZON_ECR', 'AWS', new Secret(password), options);
    expect(proposed).toMatchObject({ expiresAt, expirySource });
  });
});
