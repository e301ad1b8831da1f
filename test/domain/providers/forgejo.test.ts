import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/domain/diagnosis.ts';
import {
  checkPassword,
  checkUsername,
  credentialKind,
  normalisePassword,
  secretFault,
  secretWarnings,
} from '../../../src/domain/entered-credential.ts';
import type { ProbeDetail, ProbeOutcome } from '../../../src/domain/probe-outcome.ts';
import { providerOf, registryPresets, resolveProvider } from '../../../src/domain/providers.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { refusal } from '../refusals.ts';

const token = randomBytes(20).toString('hex');

describe('a host of Gitea or Forgejo', () => {
  it('is codeberg.org, or any declared host', () => {
    expect(providerOf('codeberg.org')).toBe('FORGEJO');
    expect(resolveProvider('codeberg.org', 'FORGEJO')).toBe('FORGEJO');
    expect(resolveProvider('git.example.com:3000', 'FORGEJO')).toBe('FORGEJO');
    expect(resolveProvider('git.example.com')).toBe('GENERIC');
  });

  it('cannot be a known host of another provider', () => {
    expect(refusal(() => resolveProvider('ghcr.io', 'FORGEJO')).message).toMatch(/ghcr\.io is GITHUB, not FORGEJO/);
    expect(refusal(() => resolveProvider('codeberg.org', 'GITLAB')).message).toMatch(/codeberg\.org is FORGEJO/);
  });

  it.each(['codeberg.org.evil.example', 'xcodeberg.org', 'www.codeberg.org', 'codebergxorg', 'codeberg.org:3000'])(
    'is not %s',
    (url) => {
      expect(providerOf(url)).toBe('GENERIC');
    },
  );

  it('is not known with anything before or after it', () => {
    const text = fc.stringMatching(/^[a-z0-9.:-]{1,12}$/);
    fc.assert(
      fc.property(text, (rest) =>
        [`${rest}codeberg.org`, `codeberg.org${rest}`].every((url) => providerOf(url) === 'GENERIC'),
      ),
    );
  });
});

describe('a credential of Gitea or Forgejo', () => {
  it.each(['ada', 'Team-Bot', 'oauth2'])('may have the user name %s', (username) => {
    expect(() => checkUsername('FORGEJO', username)).not.toThrow();
  });

  it('is a token if it looks like an access token; elsewhere 40 digits are not one', () => {
    expect(credentialKind('FORGEJO', 'ada', new Secret(token))).toBe('TOKEN');
    expect(credentialKind('GENERIC', 'ada', new Secret(token))).toBe('PASSWORD');
    expect(credentialKind('FORGEJO', 'ada', new Secret(canary('chosen')))).toBe('PASSWORD');
    expect(normalisePassword('FORGEJO', 'ada', new Secret(`${token}\n`)).reveal()).toBe(token);
    expect(normalisePassword('GENERIC', 'ada', new Secret(`${token}\n`)).reveal()).toBe(`${token}\n`);
  });

  it('may be a password that somebody chose, without a warning', () => {
    const password = new Secret(canary('chosen'));
    expect(() => checkPassword('FORGEJO', 'ada', password)).not.toThrow();
    expect(secretWarnings('FORGEJO', 'ada', password)).toEqual([]);
    expect(secretFault('FORGEJO', 'ada', password, Date.parse('2030-01-31T09:00:00Z'))).toBeNull();
  });
});

describe('the advice about Gitea and Forgejo', () => {
  it.each<[ProbeOutcome, RegExp, ProbeDetail?]>([
    ['AUTHENTICATION_FAILED', /second factor.*personal access token with read:package/],
    ['INSUFFICIENT_PERMISSION', /lacks a scope.*write:package.*<owner>\/<image>/],
    ['REALM_NOT_TRUSTED', /ROOT_URL.*No credential was sent/, 'REALM_ELSEWHERE'],
    ['REALM_NOT_TRUSTED', /plain http.*No credential was sent.*ROOT_URL/, 'REALM_PLAIN_HTTP'],
    ['UNEXPECTED_ANSWER', /begins with the name of a user or an organization/],
  ])('on %s', (outcome, words, detail) => {
    const finding = { provider: 'FORGEJO', url: 'git.example.com', outcome, detail: detail ?? null } as const;
    expect(diagnose(finding)).toMatch(words);
  });
});

it('has one entry in the table of common registries, with any user name', () => {
  expect(registryPresets().filter(({ provider }) => provider === 'FORGEJO')).toEqual([
    {
      provider: 'FORGEJO',
      name: 'Gitea and Forgejo',
      urlPatterns: ['codeberg.org', '<your Gitea or Forgejo host>'],
      username: expect.stringContaining('User name'),
      fixedUsername: null,
      password: expect.stringContaining('write:package'),
      documentation: expect.stringContaining('forgejo.org'),
    },
  ]);
});
