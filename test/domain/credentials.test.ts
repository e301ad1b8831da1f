import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CredentialKind } from '../../src/domain/credential.ts';
import {
  checkPassword,
  checkUsername,
  credentialKind,
  learnExpiry,
  MAX_SECRET_BYTES,
  normalisePassword,
  secretWarnings,
} from '../../src/domain/entered-credential.ts';
import { PurserError } from '../../src/domain/errors.ts';
import { PROVIDER_ENTRIES, type RegistryProvider } from '../../src/domain/providers/table.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from '../support/canary.ts';
import { refusal, refusalIfAny } from './refusals.ts';

const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
const jwt = (claims: object) => `${base64url({ alg: 'RS256', typ: 'JWT' })}.${base64url(claims)}.c2lnbmF0dXJl`;

const EXPIRY = 1_900_000_000;
const EXPIRES_AT = '2030-03-17T17:46:40.000Z';
const privateKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const JSON_KEY = JSON.stringify(
  { type: 'service_account', client_email: 'ci@demo.iam.gserviceaccount.com', private_key: privateKey },
  null,
  2,
);
const ecrPassword = (expiration: unknown = EXPIRY) =>
  base64(
    JSON.stringify({ payload: canary('ecr'), datakey: canary('ecr'), version: '2', type: 'DATA_KEY', expiration }),
  );

const anyProvider = fc.constantFrom(...PROVIDER_ENTRIES.map(([provider]) => provider));

describe('a password', () => {
  const check = (provider: RegistryProvider, username: string, text: string) => () =>
    checkPassword(provider, username, new Secret(text));

  it.each<[RegistryProvider, string, string]>([
    ['GENERIC', 'ci', canary('plain')],
    ['GENERIC', 'ci', ` ${canary('spaced')}\t`],
    ['GENERIC', 'ci', 'pass:with:colons'],
    ['GOOGLE', '_json_key', JSON_KEY],
    ['GOOGLE', '_json_key', canary('unknown-shape')],
    ['GOOGLE', '_json_key_base64', base64(JSON_KEY)],
    ['GOOGLE', 'oauth2accesstoken', `ya29.${canary('google')}`],
    ['AMAZON_ECR', 'AWS', ecrPassword()],
    ['GENERIC', 'ci', 'x'.repeat(MAX_SECRET_BYTES - 2)],
  ])('of %s with the user name %s is accepted unchanged', (provider, username, text) => {
    expect(check(provider, username, text)).not.toThrow();
  });

  it.each<[RegistryProvider, string, string, RegExp]>([
    ['GENERIC', 'ci', '', /^Enter the password/],
    ['GENERIC', 'ci', ' \n\t', /^Enter the password/],
    ['GENERIC', 'ci', `${canary('nul')}\0`, /broken character/],
    ['GENERIC', 'ci', `${canary('surrogate')}\udc00`, /broken character/],
    ['GENERIC', 'ci', 'x'.repeat(MAX_SECRET_BYTES - 1), /at most 15000 bytes/],
    ['GENERIC', 'ci', 'é'.repeat(MAX_SECRET_BYTES / 2), /at most 15000 bytes/],
    ['GITLAB', 'gitlab-ci-token', `glcbt-${canary('job')}`, /one GitLab CI job/],
    ['GENERIC', 'gitlab-ci-token', `glcbt-${canary('job')}`, /one GitLab CI job/],
    ['GOOGLE', '_json_key', base64(JSON_KEY), /user name _json_key_base64/],
    ['GOOGLE', '_json_key_base64', JSON_KEY, /user name _json_key\./],
    ['GOOGLE', 'oauth2accesstoken', JSON_KEY, /user name _json_key\./],
    ['GOOGLE', '_json_key', JSON_KEY.slice(0, -5), /is not valid JSON/],
    ['GOOGLE', '_json_key', JSON_KEY.replaceAll('\\n', '\n'), /is not valid JSON/],
    ['GOOGLE', '_json_key', `{"type":"service_account","client_email":"${canary('key')}"}`, /lacks `private_key`/],
    ['GOOGLE', '_json_key_base64', base64('{"type":"service_account"}'), /lacks `client_email`, `private_key`/],
    ['AMAZON_ECR', 'AWS', base64(`AWS:${ecrPassword()}`), /get-login-password/],
  ])('of %s with the user name %s is refused if it cannot be right', (provider, username, text, message) => {
    const refused = refusal(check(provider, username, text));
    expect(refused.field).toBe('password');
    expect(refused.message).toMatch(message);
  });

  it('never appears in an error, a warning or a learnt value, however these are printed', () => {
    const shapes = fc.constantFrom<(marker: string) => string>(
      (marker) => `{"private_key": "${marker}"`,
      (marker) => base64(`AWS:${marker}`),
      (marker) => base64(`{"type": "${marker}"}`),
      (marker) => `glcbt-${marker}`,
      (marker) => `github_pat_${marker}\0`,
      (marker) => `${marker}\ud800`,
      (marker) => marker.repeat(600),
      (marker) => jwt({ exp: marker }),
    );
    fc.assert(
      fc.property(
        anyProvider,
        fc.constantFrom('_json_key', 'oauth2accesstoken', 'AWS', 'ci'),
        shapes,
        (provider, username, shape) => {
          const marker = canary('unprinted');
          const text = shape(marker);
          let error: unknown;
          try {
            checkPassword(provider, username, new Secret(text));
          } catch (thrown) {
            error = thrown;
          }
          const password = new Secret(text);
          const seen = inspect(
            [error, secretWarnings(provider, username, password), learnExpiry(provider, password), password],
            { depth: 10, showHidden: true },
          );
          expect(error === undefined || error instanceof PurserError).toBe(true);
          expect(seen).not.toContain(marker);
          expect(seen).not.toContain(base64(marker).slice(0, 16));
          expect(seen).not.toContain(text.slice(0, 24));
        },
      ),
    );
  });

  it('is either accepted or refused, whatever its text', () => {
    fc.assert(
      fc.property(
        anyProvider,
        fc.string(),
        fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.base64String()),
        (provider, username, text) => {
          const refused = refusalIfAny(check(provider, username, text));
          const password = new Secret(text);
          secretWarnings(provider, username, password);
          learnExpiry(provider, password);
          credentialKind(provider, username, password);
          normalisePassword(provider, username, password);
          refusalIfAny(() => checkUsername(provider, username));
          return refused === undefined || refused.field === 'password';
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('the kind of a credential', () => {
  it.each<[RegistryProvider, string, string, CredentialKind]>([
    ['DOCKER_HUB', 'acme', `dckr_pat_${canary('hub')}`, 'TOKEN'],
    ['DOCKER_HUB', 'acme', `dckr_oat_${canary('hub')}`, 'TOKEN'],
    ['DOCKER_HUB', 'acme', canary('hub'), 'PASSWORD'],
    ['GITHUB', 'octocat', `ghp_${'a1'.repeat(18)}`, 'TOKEN'],
    ['GITHUB', 'octocat', `ghs_${'a1'.repeat(18)}`, 'TOKEN'],
    ['GITHUB', 'octocat', `github_pat_${canary('fine')}`, 'TOKEN'],
    ['GITLAB', 'me', `glpat-${canary('gitlab')}`, 'TOKEN'],
    ['GITLAB', 'gitlab+deploy-token-7', canary('old-deploy-token'), 'TOKEN'],
    ['GENERIC', 'me', `gldt-${canary('gitlab')}`, 'TOKEN'],
    ['GOOGLE', '_json_key', JSON_KEY, 'SERVICE_ACCOUNT_KEY'],
    ['GOOGLE', '_json_key_base64', base64(JSON_KEY), 'SERVICE_ACCOUNT_KEY'],
    ['GENERIC', 'proxy', JSON_KEY, 'SERVICE_ACCOUNT_KEY'],
    ['GOOGLE', 'oauth2accesstoken', `ya29.${canary('google')}`, 'TOKEN'],
    ['AMAZON_ECR', 'AWS', ecrPassword(), 'TOKEN'],
    ['AZURE', '00000000-0000-0000-0000-000000000000', jwt({ exp: EXPIRY }), 'TOKEN'],
    ['AZURE', '3f2504e0-4f89-41d3-9a0c-0305e82c3301', `abc8Q~${'x'.repeat(34)}`, 'TOKEN'],
    ['AZURE', 'contoso', canary('admin'), 'PASSWORD'],
    ['QUAY', 'acme+ci', canary('robot'), 'TOKEN'],
    ['QUAY', 'person', canary('person'), 'PASSWORD'],
    ['HARBOR', 'robot$ci', canary('robot'), 'TOKEN'],
    ['GENERIC', 'robot$ci', canary('robot'), 'PASSWORD'],
    ['ARTIFACTORY', 'ci', `AKCp${'a1'.repeat(35)}`, 'TOKEN'],
    ['ARTIFACTORY', 'ci', base64(`reftkn:01:0000000000:${'a1b2'.repeat(7)}`).replace(/=+$/, ''), 'TOKEN'],
    ['DIGITALOCEAN', 'ops@example.com', `dop_v1_${'0f'.repeat(32)}`, 'TOKEN'],
    ['GENERIC', 'ci', 'glass-house', 'PASSWORD'],
    ['GENERIC', 'ci', 'AKCp', 'PASSWORD'],
  ])('of %s with the user name %s follows from its shape', (provider, username, text, kind) => {
    expect(credentialKind(provider, username, new Secret(text))).toBe(kind);
  });
});

describe('the stored password', () => {
  const stored = (provider: RegistryProvider, username: string, text: string) =>
    normalisePassword(provider, username, new Secret(text)).reveal();

  it.each<[RegistryProvider, string, string]>([
    ['GITHUB', 'octocat', `ghp_${'a1'.repeat(18)}`],
    ['GENERIC', 'ci', jwt({ exp: EXPIRY })],
    ['AMAZON_ECR', 'AWS', ecrPassword()],
    ['AMAZON_ECR', 'AWS', canary('unknown-shape')],
    ['GOOGLE', 'oauth2accesstoken', `ya29.${canary('google')}`],
    ['GOOGLE', '_json_key_base64', base64(JSON_KEY)],
  ])('of %s with the user name %s loses one line break if it is a token', (provider, username, text) => {
    expect(stored(provider, username, text)).toBe(text);
    expect(stored(provider, username, `${text}\n`)).toBe(text);
    expect(stored(provider, username, `${text}\r\n`)).toBe(text);
    // One command's output does not end with two line breaks.
    expect(stored(provider, username, `${text}\n\n`)).toBe(`${text}\n\n`);
  });

  it.each<[RegistryProvider, string, string]>([
    ['GOOGLE', '_json_key', `${JSON_KEY}\n`],
    ['GENERIC', 'ci', `${JSON_KEY}\n`],
    ['GENERIC', 'ci', `${canary('chosen')}\n`],
    ['DOCKER_HUB', 'acme', `${canary('chosen')}\n`],
    ['GENERIC', 'ci', ` ${canary('chosen')} `],
    ['GITHUB', 'octocat', `ghp_${'a1'.repeat(18)} \n`],
  ])('of %s with the user name %s keeps every byte otherwise', (provider, username, text) => {
    expect(stored(provider, username, text)).toBe(text);
  });

  it('differs from the entered one only by one line break at the end', () => {
    fc.assert(
      fc.property(
        anyProvider,
        fc.constantFrom('AWS', 'ci', '_json_key', 'robot$ci'),
        fc.string(),
        fc.constantFrom('', '\n', '\r\n'),
        (provider, username, text, end) => {
          const entered = text + end;
          expect([entered, entered.replace(/\r?\n$/, '')]).toContain(stored(provider, username, entered));
        },
      ),
    );
  });
});

describe('warnings about a password', () => {
  const warnings = (provider: RegistryProvider, username: string, text: string) =>
    secretWarnings(provider, username, new Secret(text)).join('\n');

  it.each<[RegistryProvider, string, string, RegExp]>([
    ['GITHUB', 'octocat', `github_pat_${canary('fine')}`, /fine-grained/],
    ['GITHUB', 'octocat', `ghs_${'a1'.repeat(18)}`, /an hour at most/],
    ['GITHUB', 'octocat', `glpat-${canary('gitlab')}`, /a token of GITLAB, but the registry is GITHUB/],
    ['GOOGLE', 'oauth2accesstoken', `ya29.${canary('google')}`, /an hour at most/],
    ['GOOGLE', '_json_key', canary('no-key'), /must be a service-account key/],
    ['AMAZON_ECR', 'AWS', canary('no-token'), /get-login-password/],
    ['GENERIC', 'ci', `${canary('chosen')}\n`, /white space/],
  ])('of %s with the user name %s tell why it will not work', (provider, username, text, message) => {
    expect(warnings(provider, username, text)).toMatch(message);
  });

  it.each<[RegistryProvider, string, string]>([
    ['GITHUB', 'octocat', `ghp_${'a1'.repeat(18)}`],
    ['DOCKER_HUB', 'acme', canary('hub')],
    ['GOOGLE', '_json_key', `${JSON_KEY}\n`],
    ['GOOGLE', '_json_key_base64', base64(JSON_KEY)],
    ['AMAZON_ECR', 'AWS', ecrPassword()],
    ['AMAZON_ECR', 'AKIAIOSFODNN7EXAMPLE', canary('to-mint-from')],
    ['GENERIC', 'me', `glpat-${canary('gitlab')}`],
    ['HARBOR', 'robot$ci', canary('robot')],
  ])('of %s with the user name %s are absent if nothing is wrong', (provider, username, text) => {
    expect(warnings(provider, username, text)).toBe('');
  });
});

describe('the expiry in a password', () => {
  const learnt = (provider: RegistryProvider, text: string) => learnExpiry(provider, new Secret(text));

  it('is read from a password of Amazon ECR', () => {
    expect(learnt('AMAZON_ECR', ecrPassword())).toBe(EXPIRES_AT);
    expect(learnt('AMAZON_ECR_PUBLIC', ecrPassword())).toBe(EXPIRES_AT);
  });

  it.each(['AZURE', 'QUAY', 'ARTIFACTORY', 'GENERIC'] as const)('is `exp` in a JWT for %s', (provider) => {
    expect(learnt(provider, jwt({ exp: EXPIRY }))).toBe(EXPIRES_AT);
    expect(learnt(provider, jwt({ exp: EXPIRY + 0.5 }))).toBe('2030-03-17T17:46:40.500Z');
  });

  it.each<[string, RegistryProvider, string]>([
    ['a chosen password', 'GENERIC', canary('chosen')],
    ['a token without an expiry', 'GITHUB', `ghp_${'a1'.repeat(18)}`],
    ['a JWT without `exp`', 'AZURE', jwt({ sub: 'x' })],
    ['a JWT whose `exp` is text', 'AZURE', jwt({ exp: String(EXPIRY) })],
    ['a JWT whose `exp` is negative', 'AZURE', jwt({ exp: -1 })],
    ['a JWT whose `exp` is beyond all years', 'AZURE', jwt({ exp: 1e300 })],
    ['a JWT whose claims are a list', 'AZURE', jwt([EXPIRY])],
    ['a JWT without a header', 'AZURE', `e30.${base64url({ exp: EXPIRY })}.c2ln`],
    ['three words with dots', 'GENERIC', 'correct.horse.battery'],
    ['an ECR password with text for its expiry', 'AMAZON_ECR', ecrPassword('soon')],
    ['an ECR password with no expiry', 'AMAZON_ECR', ecrPassword(null)],
    ['base64 of other JSON', 'AMAZON_ECR', base64(`{"expiration":${EXPIRY}}`)],
    ['base64 of `null`', 'AMAZON_ECR', base64('null')],
    ['an ECR password for another provider', 'GENERIC', ecrPassword()],
    ['deeply nested JSON', 'AMAZON_ECR', base64('['.repeat(9_000))],
  ])('cannot be read from %s', (_, provider, text) => {
    expect(learnt(provider, text)).toBeNull();
  });
});
