import { describe, expect, it } from 'vitest';
import { secretFault } from '../../src/domain/entered-credential.ts';
import type { RegistryProvider } from '../../src/domain/providers/table.ts';
import { Secret } from '../../src/domain/secret.ts';

const NOW = Date.parse('2030-01-31T09:00:00Z');
const key = JSON.stringify({ type: 'service_account', client_email: 'ci@x.example', private_key: 'x' });
const ecr = (expiration: number) =>
  Buffer.from(JSON.stringify({ payload: 'x', datakey: 'x', version: '2', type: 'DATA_KEY', expiration })).toString(
    'base64',
  );
const jwt = (exp: number) =>
  [{ alg: 'ES256' }, { exp }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
    .concat('.c2ln');

describe('the fault that a refused secret shows', () => {
  it.each<[RegistryProvider, string, string, string | null]>([
    ['AMAZON_ECR', 'AWS', ecr(NOW / 1000 - 1), 'SECRET_EXPIRED'],
    ['AMAZON_ECR', 'AWS', ecr(NOW / 1000 + 1), null],
    ['ARTIFACTORY', 'ci', jwt(NOW / 1000 - 1), 'SECRET_EXPIRED'],
    ['ARTIFACTORY', 'ci', jwt(NOW / 1000 + 1), null],
    ['GITHUB', 'ci', 'github_pat_x', 'FINE_GRAINED_TOKEN'],
    ['GITHUB', 'ci', 'ghp_x', null],
    ['GITHUB', 'ci', 'secret', 'ACCOUNT_PASSWORD'],
    ['GITHUB', 'ci', 'dckr_pat_x', 'OTHER_PROVIDERS_TOKEN'],
    ['DOCKER_HUB', 'ci', 'secret', 'ACCOUNT_PASSWORD'],
    ['DOCKER_HUB', 'ci', 'dckr_oat_x', null],
    ['GOOGLE', '_json_key', key, null],
    ['GOOGLE', '_json_key_base64', Buffer.from(key).toString('base64'), null],
    ['GOOGLE', '_json_key', key.slice(0, -5), 'BROKEN_KEY'],
    ['GOOGLE', '_json_key', 'secret', 'BROKEN_KEY'],
    ['GOOGLE', '_json_key', JSON.stringify(key), 'REQUOTED_KEY'],
    ['GOOGLE', '_json_key', `'${key}'`, 'REQUOTED_KEY'],
    ['GOOGLE', '_json_key', key.replaceAll('"', '\\"'), 'REQUOTED_KEY'],
    ['GOOGLE', '_json_key', key.replaceAll('"', "'"), 'REQUOTED_KEY'],
    ['GOOGLE', 'oauth2accesstoken', 'ya29.x', null],
    ['GITLAB', 'ci', 'secret', null],
    ['GENERIC', 'ci', 'ghp_x', null],
  ])('of %s, for %s', (provider, username, password, fault) => {
    expect(secretFault(provider, username, new Secret(password), NOW)).toBe(fault);
  });
});
