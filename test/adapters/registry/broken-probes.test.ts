import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../../support/canary.ts';
import { createMutant, type Fault } from '../../support/mutant.ts';
import { ECR_HOST, startEcr } from '../../support/stub-registries/amazon-ecr.ts';
import { startDockerHub } from '../../support/stub-registries/docker-hub.ts';
import { startGhcr } from '../../support/stub-registries/ghcr.ts';
import { startHarbor } from '../../support/stub-registries/harbor.ts';
import type { Internet } from '../../support/stub-registries/internet.ts';
import { startQuay } from '../../support/stub-registries/quay.ts';
import { type Action, registryApi, rightsByBasic } from '../../support/stub-registries/registry-api.ts';
import { type Asked, probe, startInternet, withCredential } from './probe-fixture.ts';

let internet: Internet;
beforeAll(async () => {
  internet = await startInternet();
});
afterEach(() => internet.reset());
afterAll(() => internet.close());

type Module = typeof import('../../../src/adapters/registry/registry-probe.ts');

async function brokenProbe(asked: Asked, ...faults: Fault[]) {
  const mutant = await createMutant('adapters/registry', faults);
  const { createRegistryProbe } = await mutant.load<Module>('registry-probe.ts');
  return probe(internet, { repository: 'team/app', ...asked }, { create: createRegistryProbe });
}

const account = (actions: readonly Action[], username = 'robot') => ({
  username,
  password: canary('broken'),
  rights: { 'team/app': actions },
});

/** Negative controls for the other tests: without a rule, the same registries show the fault. */
describe('a probe', () => {
  it('that takes a token as proof of all requested rights is deceived by Docker Hub', async () => {
    const robot = account(['pull']);
    await startDockerHub(internet, [robot]);
    const report = await brokenProbe(
      { url: 'docker.io', provider: 'DOCKER_HUB', ...robot },
      { file: 'repository-rights.ts', find: 'grantedActions(access, repository)', replace: 'new Set(actions)' },
    );
    expect(report).toMatchObject({ outcome: 'OK', push: 'PROVED' });
  });

  it('that names a scope at the login is deceived by Harbor', async () => {
    await startHarbor(internet, []);
    const report = await brokenProbe(
      { url: 'harbor.example.com', provider: 'HARBOR', ...account([]) },
      { file: 'login.ts', find: 'target.login, []', replace: "target.login, ['repository:team/app:pull']" },
    );
    expect(report.login).toBe('PROVED');
  });

  it('that asks for everything at once creates repositories on Quay', async () => {
    const robot = account([], 'team+ci');
    const { made } = await startQuay(internet, [robot], { repositories: [], ownedNamespace: 'team' });
    await brokenProbe(
      { url: 'quay.io', provider: 'QUAY', ...robot },
      {
        file: 'probe-strategies.ts',
        find: 'PROVIDERS[provider].probe ?? BY_THE_BOOK',
        replace: 'BY_THE_BOOK',
      },
      { file: 'probe-strategies.ts', find: 'return createsByAsking ?', replace: 'return false ?' },
    );
    expect(made).toEqual(['team/app']);
  });

  it('that takes the right to pull as proof of existence creates repositories on Quay', async () => {
    const robot = account([], 'team+ci');
    const { made } = await startQuay(internet, [robot], { repositories: [], ownedNamespace: 'team' });
    await brokenProbe(
      { url: 'quay.io', provider: 'QUAY', ...robot },
      { file: 'repository-rights.ts', find: 'if (!exists)', replace: 'if (false)' },
    );
    expect(made).toEqual(['team/app']);
  });

  it('that believes the tokens of ghcr.io is deceived by them', async () => {
    const robot = account(['pull']);
    await startGhcr(internet, [robot], { boastingTokens: true });
    const report = await brokenProbe(
      { url: 'ghcr.io', provider: 'GITHUB', ...robot },
      { file: 'probe-strategies.ts', find: 'PROVIDERS[provider].probe ??', replace: '' },
    );
    expect(report.push).toBe('PROVED');
  });

  it('that does not know the texts of Amazon reports an expired password as a wrong one', async () => {
    const robot = account([], 'AWS');
    await startEcr(internet, [], { repositories: [], expired: [robot.password] });
    const report = await brokenProbe(
      { url: ECR_HOST, provider: 'AMAZON_ECR', ...robot },
      { file: 'login.ts', find: 'strategy.expiredText?.test', replace: 'null?.test' },
    );
    expect(report.outcome).toBe('AUTHENTICATION_FAILED');
  });

  it('that trusts any realm sends the credential there', async () => {
    const elsewhere = await internet.serve('elsewhere.example.com', () => ({ status: 401 }));
    await internet.serve('registry.example.com', () => ({
      status: 401,
      headers: { 'www-authenticate': 'Bearer realm="https://elsewhere.example.com/token"' },
    }));
    await brokenProbe(
      { url: 'registry.example.com', provider: 'GENERIC', ...account([]) },
      { file: 'realm-trust.ts', find: 'if (isTrusted) return', replace: 'if (true) return' },
    );
    expect(withCredential(elsewhere)).toHaveLength(1);
  });

  it.each([
    [
      'takes a ban for a refusal',
      'conversation.ts',
      '!plainTextRefusals && isBlocked(response)',
      { outcome: 'AUTHENTICATION_FAILED' },
    ],
    ['keeps single-use tokens', 'token-request.ts', 'username === IDENTITY_TOKEN && givesAnother', { outcome: 'OK' }],
  ])('that %s shows the fault', async (_, file, find, found) => {
    const url = 'registry.example.com';
    await internet.serve(url, ({ path, authorization, method }) => {
      if (path === '/token' && method === 'GET') return { status: 403, body: 'Forbidden\n' };
      if (path === '/token') return { status: 200, body: { access_token: 'opaque', refresh_token: 'another' } };
      if (authorization !== undefined) return { status: 200, body: {} };
      return { status: 401, headers: { 'www-authenticate': `Bearer realm="https://${url}/token"` } };
    });
    const username = file === 'token-request.ts' ? '<token>' : 'robot';
    const asked: Asked = { url, provider: 'GENERIC', ...account([], username), repository: null };
    const [, guarded = ''] = find.split(' && ');
    const replace = find.replace(guarded, `false && ${guarded}`);
    expect(await brokenProbe(asked, { file, find, replace })).toMatchObject(found);
  });

  it('that cancels an upload at any location sends the credential there', async () => {
    const robot = account(['pull', 'push']);
    const elsewhere = await internet.serve('elsewhere.example.com', () => ({ status: 204 }));
    await internet.serve('registry.example.com', (request) => {
      const answer = registryApi(request, { challenge: 'Basic realm="r"', rights: rightsByBasic([robot]) });
      return answer.status === 202 ? { status: 202, headers: { location: 'https://elsewhere.example.com/1' } } : answer;
    });
    await brokenProbe(
      { url: 'registry.example.com', provider: 'GENERIC', ...robot },
      { file: 'upload-probe.ts', find: 'upload.origin !== uploads.origin || ', replace: '' },
    );
    expect(withCredential(elsewhere)).toHaveLength(1);
  });
});
