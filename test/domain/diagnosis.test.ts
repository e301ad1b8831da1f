import { describe, expect, it } from 'vitest';
import { type DiagnosedFinding, diagnose, troubleshootingTable } from '../../src/domain/diagnosis.ts';
import type { ProbeOutcome } from '../../src/domain/probe-outcome.ts';
import { PROVIDER_ENTRIES } from '../../src/domain/providers/table.ts';

const FAULTS: readonly Exclude<ProbeOutcome, 'OK'>[] = [
  'AUTHENTICATION_FAILED',
  'INSUFFICIENT_PERMISSION',
  'EXPIRED',
  'REPOSITORY_NOT_FOUND',
  'NOT_A_REGISTRY',
  'UNREACHABLE',
  'TLS_INVALID',
  'TARGET_NOT_ALLOWED',
  'REALM_NOT_TRUSTED',
  'RATE_LIMITED',
  'UNEXPECTED_ANSWER',
];

const advice = (outcome: ProbeOutcome, rest: Partial<DiagnosedFinding> = {}) =>
  diagnose({ provider: 'GENERIC', url: 'registry.example.com', outcome, detail: null, ...rest });

describe('the advice', () => {
  it.each<[string, ProbeOutcome, Partial<DiagnosedFinding>, RegExp]>([
    ['docker.io in place of hub.docker.com', 'NOT_A_REGISTRY', { url: 'hub.docker.com' }, /Use docker\.io/],
    [
      'an access token in place of the password on Docker Hub',
      'AUTHENTICATION_FAILED',
      { provider: 'DOCKER_HUB', detail: 'ACCOUNT_PASSWORD' },
      /access token \(dckr_pat_…\)/,
    ],
    [
      'a classic token in place of a fine-grained one on ghcr.io',
      'AUTHENTICATION_FAILED',
      { provider: 'GITHUB', detail: 'FINE_GRAINED_TOKEN' },
      /fine-grained.*classic/,
    ],
    [
      'the scopes that a GitLab token lacks',
      'INSUFFICIENT_PERMISSION',
      { provider: 'GITLAB', detail: 'TOKEN_WITHOUT_SCOPE' },
      /read_registry.*write_registry/,
    ],
    ['write:packages', 'INSUFFICIENT_PERMISSION', { provider: 'GITHUB' }, /write:packages/],
    ['a whole key file', 'AUTHENTICATION_FAILED', { provider: 'GOOGLE', detail: 'BROKEN_KEY' }, /_json_key/],
    ['a key without quotes', 'AUTHENTICATION_FAILED', { provider: 'GOOGLE', detail: 'REQUOTED_KEY' }, /without quotes/],
    [
      'a new password after 12 hours',
      'EXPIRED',
      { provider: 'AMAZON_ECR', detail: 'SECRET_EXPIRED' },
      /12 hours.*`mint`/,
    ],
    ['to create the repository first', 'REPOSITORY_NOT_FOUND', { provider: 'AMAZON_ECR' }, /create-repository/],
    ['to create the repository first', 'REPOSITORY_NOT_FOUND', { provider: 'QUAY' }, /Create it first/],
    ['to create the project first', 'INSUFFICIENT_PERMISSION', { provider: 'HARBOR' }, /Create the project first/],
    ["the authority's certificate", 'TLS_INVALID', { detail: 'UNKNOWN_AUTHORITY' }, /`caCertificate`/],
    ['a port with HTTPS', 'TLS_INVALID', { detail: 'NOT_TLS' }, /port does not serve HTTPS.*PLAIN_HTTP_HOSTS/],
    ['a host that is not a web site', 'NOT_A_REGISTRY', {}, /not a container registry/],
    ['the setting that opens private networks', 'TARGET_NOT_ALLOWED', { detail: 'PRIVATE_ADDRESS' }, /EGRESS_ALLOW/],
    ['the setting that allows plain http', 'TARGET_NOT_ALLOWED', { detail: 'PLAIN_HTTP' }, /PLAIN_HTTP_HOSTS/],
    ['that a push was refused to everybody', 'INSUFFICIENT_PERMISSION', { detail: 'READ_ONLY' }, /read-only/],
    ['that the password was not checked', 'OK', { detail: 'NO_LOGIN_ASKED' }, /could not be checked/],
  ])('names %s', (_, outcome, rest, words) => {
    expect(advice(outcome, rest)).toMatch(words);
  });

  it('exists for every fault with every provider, and only for faults', () => {
    for (const [provider] of PROVIDER_ENTRIES) {
      for (const outcome of FAULTS) expect(advice(outcome, { provider })).toMatch(/^\S.*\. \S.*\.$/);
      expect(advice('OK', { provider })).toBeNull();
    }
  });

  it('fits the provider if providers differ', () => {
    const providers = PROVIDER_ENTRIES.map(([provider]) => provider);
    const differing = (outcome: ProbeOutcome) =>
      new Set(providers.map((provider) => advice(outcome, { provider }))).size;
    // Amazon's two registries share their advice.
    expect(differing('AUTHENTICATION_FAILED')).toBe(providers.length - 1);
    expect(differing('INSUFFICIENT_PERMISSION')).toBe(providers.length - 1);
  });
});

describe('the troubleshooting table', () => {
  const table = troubleshootingTable();
  const [header = '', line = '', ...rows] = table.trimEnd().split('\n');

  it('has a row for every fault, in four columns', () => {
    expect(line).toBe('| --- | --- | --- | --- |');
    for (const row of [header, ...rows]) expect(row.match(/(?<!\\)\|/g)).toHaveLength(5);
    for (const outcome of FAULTS) expect(rows.some((row) => row.startsWith(`| \`${outcome}\` |`))).toBe(true);
  });

  it('holds nothing that Markdown would read as HTML', () => {
    expect(table.replace(/`[^`]*`/g, '')).not.toMatch(/(?<!\\)</);
  });
});
