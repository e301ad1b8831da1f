import { describe, expect, it } from 'vitest';
import { checkCredential } from '../../../src/application/registry/registry-details.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';

const SOONER = '2030-01-31T09:00:00.000Z';
const TOLD = '2030-01-31T12:00:00.000Z';
const LATER = '2030-02-28T09:00:00.000Z';
const ecrPassword = Buffer.from(
  JSON.stringify({ payload: canary('ecr'), datakey: 'k', version: '2', expiration: Date.parse(TOLD) / 1000 }),
).toString('base64');

describe('the expiry of a credential', () => {
  it.each([
    ['the date in the secret, without another date', ecrPassword, null, TOLD, 'SECRET'],
    ['the date in the secret, if a later date is declared', ecrPassword, LATER, TOLD, 'SECRET'],
    ['a declared date that is before the one in the secret', ecrPassword, SOONER, SOONER, 'DECLARED'],
    ['a declared date, if the secret holds none', canary('opaque'), LATER, LATER, 'DECLARED'],
    ['unknown, if there is no date', canary('opaque'), null, null, null],
  ])('is %s', (_, password, declared, expiresAt, expirySource) => {
    const options = { expiresAt: declared, mint: null };
    const { proposed } = checkCredential('AMAZON_ECR', 'AWS', new Secret(password), options);
    expect(proposed).toMatchObject({ expiresAt, expirySource });
  });
});
