import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ecrHost } from '../../src/domain/ecr-host.ts';
import { PurserError } from '../../src/domain/errors.ts';
import type { MintKind } from '../../src/domain/mint-kinds/table.ts';
import { checkMintSource, mintedPurpose } from '../../src/domain/mint-source.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from '../support/canary.ts';
import { craftedRsaKey } from '../support/crafted-rsa-key.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PKCS1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const PKCS8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const ED25519 = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const accountWith = (pem: string) => JSON.stringify({ type: 'service_account', client_email: 'a@b', private_key: pem });
const SERVICE_ACCOUNT = accountWith(PKCS8);
const LARGE = craftedRsaKey({ modulusBits: 16_384 });
const secret = canary('mint-source');

describe('a cloud credential to mint from', () => {
  it.each<[string, MintKind, string, string]>([
    ['the access key of a user', 'AMAZON_ECR', 'AKIAIOSFODNN7EXAMPLE', secret],
    ['a service-account key', 'GOOGLE', '_json_key', SERVICE_ACCOUNT],
    ['a service-account key in base64', 'GOOGLE', '_json_key_base64', Buffer.from(SERVICE_ACCOUNT).toString('base64')],
    ['a service principal', 'AZURE', '99999999-8888-7777-6666-555555555555', secret],
    ['an app by its id', 'GITHUB_APP', '1234', PKCS1],
    ['an app by its client id', 'GITHUB_APP', 'Iv23liABCDEF', PKCS8],
  ])('is accepted if it is %s', (_, kind, username, password) => {
    expect(() => checkMintSource(kind, username, new Secret(password))).not.toThrow();
  });

  it.each<[string, MintKind, string, string, string]>([
    ['a temporary access key', 'AMAZON_ECR', 'ASIAIOSFODNN7EXAMPLE', secret, 'username'],
    ['not JSON', 'GOOGLE', '_json_key', secret, 'password'],
    ['a service-account key under the wrong user name', 'GOOGLE', '_json_key_base64', SERVICE_ACCOUNT, 'password'],
    ['a key that lacks a field', 'GOOGLE', '_json_key', `{"type":"service_account","a":"${secret}"}`, 'password'],
    ...['external_account', 'authorized_user', 'impersonated_service_account'].map(
      (type): [string, MintKind, string, string, string] => [
        `of the type ${type}`,
        'GOOGLE',
        '_json_key',
        JSON.stringify({ client_secret: secret, type }),
        'password',
      ],
    ),
    ['an app by its name', 'GITHUB_APP', 'my app', PKCS1, 'username'],
    ['an app with a token', 'GITHUB_APP', '1234', secret, 'password'],
    ['an app with half a key', 'GITHUB_APP', '1234', PKCS1.slice(0, 500), 'password'],
    ['an app with a key of another kind', 'GITHUB_APP', '1234', ED25519, 'password'],
    ['an app with a key that takes seconds to sign', 'GITHUB_APP', '1234', LARGE, 'password'],
    ['a service account with a key that takes seconds to sign', 'GOOGLE', '_json_key', accountWith(LARGE), 'password'],
    ['a service account with half a key', 'GOOGLE', '_json_key', accountWith(PKCS8.slice(0, 500)), 'password'],
    ['a service account with a key of another kind', 'GOOGLE', '_json_key', accountWith(ED25519), 'password'],
  ])('is refused if it is %s, and the message holds no part of it', (_, kind, username, password, field) => {
    let error: unknown;
    try {
      checkMintSource(kind, username, new Secret(password));
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof PurserError)) throw new Error('it was accepted');
    expect([error.code, error.details]).toEqual(['BAD_USER_INPUT', { field }]);
    expect(error.message.includes(password.slice(0, 60))).toBe(false);
  });
});

describe('the purpose of a minted password', () => {
  it.each<[MintKind, string, string]>([
    ['AMAZON_ECR', 'PUSH', 'PUSH'],
    ['AZURE', 'PUSH', 'PUSH'],
    ['GOOGLE', 'PULL', 'PUSH'],
    ['GITHUB_APP', 'PULL', 'PUSH'],
  ])('of %s is %s for pulling and %s for pushing', (kind, forPull, forPush) => {
    expect([mintedPurpose(kind, 'PULL'), mintedPurpose(kind, 'PUSH')]).toEqual([forPull, forPush]);
  });
});

describe('the host of a private Amazon ECR registry', () => {
  it.each([
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'eu-west-1', false, false],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1', false, false],
    ['123456789012.dkr.ecr-fips.us-east-1.amazonaws.com', 'us-east-1', true, false],
    ['123456789012.dkr-ecr.us-east-1.on.aws', 'us-east-1', false, true],
    ['123456789012.dkr-ecr-fips.us-gov-west-1.on.aws', 'us-gov-west-1', true, true],
  ])('%s tells its region %s and its endpoints', (host, region, fips, dualStack) => {
    expect(ecrHost(host)).toEqual({ account: '123456789012', region, fips, dualStack });
  });

  it.each([
    'public.ecr.aws',
    '12345678901.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com',
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com:443',
    'x123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr.ecr.a.b.amazonaws.com',
  ])('is not %s', (host) => {
    expect(ecrHost(host)).toBeUndefined();
  });
});
