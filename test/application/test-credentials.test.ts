import { describe, expect, it } from 'vitest';
import type { CredentialTests } from '../../src/application/credential-tests.ts';
import type { ProbeReport, ProbeRequest, RegistryProbe } from '../../src/application/ports/registry-probe.ts';
import type { RequestContext } from '../../src/application/request-context.ts';
import { testCredentialsUseCase } from '../../src/application/test-credentials.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from '../support/canary.ts';

const context: RequestContext = {
  principal: {
    subject: 'ci',
    issuer: 'https://issuer.example',
    tokenId: null,
    issuedAt: 0,
    expiresAt: Number.MAX_SAFE_INTEGER,
    grants: new Map(),
  },
  startedAt: 0,
  requestId: '6e0c1c50-4bd2-4b43-b7d1-2e6c1a3a2c11',
  ipAddress: null,
  userAgent: null,
};
const REPORT: ProbeReport = {
  outcome: 'OK',
  detail: null,
  login: 'PROVED',
  pull: 'UNKNOWN',
  push: 'UNKNOWN',
  method: null,
  repository: null,
  expiresAt: null,
  durationMs: 1,
};

/** The request that the probe would get. */
async function asked(url: string, repository: string): Promise<ProbeRequest | undefined> {
  const requests: ProbeRequest[] = [];
  const tests: CredentialTests = {
    run: (_context, _projectId, test) => test(),
    recordUnstored: async () => ({ ...REPORT, testedAt: '2030-01-31T09:00:00.000Z', credentialVersion: null }),
    verify: () => Promise.reject(new Error('nothing is to be stored')),
    record: () => Promise.reject(new Error('nothing is stored')),
  };
  const probe: RegistryProbe = {
    async probe(request) {
      requests.push(request);
      return REPORT;
    },
  };
  await testCredentialsUseCase({ tests, probe, plainHttpHosts: new Set() })(context, 'demo', {
    url,
    username: 'robot',
    password: new Secret(canary('asked')),
    provider: undefined,
    caCertificate: undefined,
    authRealmHost: undefined,
    repository,
  });
  return requests[0];
}

describe('the repository of a test', () => {
  it.each([
    ['registry.example.com:5000', 'team/app', 'team/app'],
    ['registry.example.com', ' app ', 'app'],
    ['[2001:db8::1]:5000', 'team/app', 'team/app'],
    ['docker.io', 'team/app', 'team/app'],
    // An official image: the probe adds Docker Hub's namespace.
    ['docker.io', 'alpine', 'alpine'],
    ['docker.io', 'library/alpine', 'library/alpine'],
  ])('of %s may be %j', async (url, repository, name) => {
    expect(await asked(url, repository)).toMatchObject({ url, repository: name });
  });

  it.each([
    ['docker.io', 'alpine:3'],
    ['docker.io', 'library/alpine@sha256:'.padEnd(86, '0')],
    ['registry.example.com', 'team/app:1.0'],
    ['registry.example.com', 'Team/App'],
    ['registry.example.com', 'team//app'],
    ['registry.example.com', '../app'],
    ['registry.example.com', 'team app'],
    ['registry.example.com', '/team/app'],
    ['registry.example.com', 'https://registry.example.com/team/app'],
  ])('of %s is refused as %j', async (url, repository) => {
    await expect(asked(url, repository)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'repository' },
    });
  });
});
