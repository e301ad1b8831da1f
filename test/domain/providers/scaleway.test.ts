import { randomUUID } from 'node:crypto';
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

const NOW = Date.parse('2030-01-31T09:00:00Z');
const secretKey = randomUUID();

describe('a host of Scaleway', () => {
  const regions = ['fr-par', 'nl-ams', 'pl-waw'];

  it.each(regions)('is rg.%s.scw.cloud', (region) => {
    expect(providerOf(`rg.${region}.scw.cloud`)).toBe('SCALEWAY');
  });

  it.each([
    'rg.fr-par.scw.cloud.evil.example',
    'rg.fr-par.scw.cloud:5000',
    'evil.rg.fr-par.scw.cloud',
    'xrg.fr-par.scw.cloud',
    'rg.scw.cloud',
    'rg.fr-par-1.scw.cloud',
    'rg.fr.par.scw.cloud',
    'rg.fr-par.xscw.cloud',
    'rgxfr-par.scw.cloud',
    'rg.fr-par.scw-cloud',
    's3.fr-par.scw.cloud',
    'api.scaleway.com',
  ])('is not %s', (url) => {
    expect(providerOf(url)).toBe('GENERIC');
  });

  it('is not known with anything before or after it', () => {
    const label = fc.stringMatching(/^[a-z0-9-]{1,8}$/);
    fc.assert(
      fc.property(fc.constantFrom(...regions), label, fc.constantFrom('.', ''), (region, text, dot) => {
        const host = `rg.${region}.scw.cloud`;
        return [text + dot + host, host + dot + text].every((url) => providerOf(url) === 'GENERIC');
      }),
    );
  });

  it('cannot be declared elsewhere', () => {
    const refused = refusal(() => resolveProvider('registry.example.com', 'SCALEWAY'));
    expect([refused.field, refused.message]).toEqual([
      'provider',
      expect.stringMatching(/which is at rg\.fr-par\.scw\.cloud/),
    ]);
  });
});

describe('a credential of Scaleway', () => {
  it.each(['nologin', 'SCWABCDEFGHIJKLMNOPQ', 'ci'])('may have the user name %s', (username) => {
    expect(() => checkUsername('SCALEWAY', username)).not.toThrow();
  });

  it('is a token if it is a secret key; elsewhere a UUID is not one', () => {
    expect(credentialKind('SCALEWAY', 'ci', new Secret(secretKey))).toBe('TOKEN');
    expect(credentialKind('GENERIC', 'ci', new Secret(secretKey))).toBe('PASSWORD');
    expect(credentialKind('SCALEWAY', 'nologin', new Secret(canary('unknown-shape')))).toBe('TOKEN');
    expect(normalisePassword('SCALEWAY', 'ci', new Secret(`${secretKey}\n`)).reveal()).toBe(secretKey);
    expect(normalisePassword('GENERIC', 'ci', new Secret(`${secretKey}\n`)).reveal()).toBe(`${secretKey}\n`);
  });

  it('is refused if it is the access key', () => {
    const refused = refusal(() => checkPassword('SCALEWAY', 'nologin', new Secret('SCWABCDEFGHIJKLMNOPQ')));
    expect([refused.field, refused.message]).toEqual(['password', expect.stringMatching(/Use its secret key/)]);
    expect(() => checkPassword('GENERIC', 'nologin', new Secret('SCWABCDEFGHIJKLMNOPQ'))).not.toThrow();
  });

  it.each<[string, RegExp]>([
    [secretKey, /^$/],
    [canary('chosen'), /does not look like the secret key/],
    [`ghp_${'a1'.repeat(18)}`, /a token of GITHUB, but the registry is SCALEWAY/],
  ])('gets a warning if it will not work', (password, warnings) => {
    expect(secretWarnings('SCALEWAY', 'nologin', new Secret(password)).join('\n')).toMatch(warnings);
  });

  it.each<[string, ProbeDetail | null]>([
    [secretKey, null],
    ['a password', 'ACCOUNT_PASSWORD'],
    ['glpat-x', 'OTHER_PROVIDERS_TOKEN'],
  ])('tells after a refusal why it was wrong', (password, detail) => {
    expect(secretFault('SCALEWAY', 'nologin', new Secret(password), NOW)).toBe(detail);
  });
});

describe('the advice about Scaleway', () => {
  it.each<[ProbeOutcome, ProbeDetail | null, RegExp]>([
    ['AUTHENTICATION_FAILED', null, /API key was deleted or has expired.*secret key/],
    ['AUTHENTICATION_FAILED', 'ACCOUNT_PASSWORD', /secret key, a UUID/],
    ['INSUFFICIENT_PERMISSION', null, /ContainerRegistryFullAccess.*project/],
    ['REPOSITORY_NOT_FOUND', null, /Create the namespace first/],
  ])('on %s with %s', (outcome, detail, words) => {
    expect(diagnose({ provider: 'SCALEWAY', url: 'rg.fr-par.scw.cloud', outcome, detail })).toMatch(words);
  });
});

it('has one entry in the table of common registries, with any user name', () => {
  expect(registryPresets().filter(({ provider }) => provider === 'SCALEWAY')).toEqual([
    {
      provider: 'SCALEWAY',
      name: 'Scaleway Container Registry',
      urlPatterns: expect.arrayContaining(['rg.fr-par.scw.cloud', 'rg.<region>.scw.cloud']),
      username: expect.stringContaining('nologin'),
      fixedUsername: null,
      password: expect.stringContaining('Secret key'),
      documentation: expect.stringContaining('scaleway.com'),
    },
  ]);
});
