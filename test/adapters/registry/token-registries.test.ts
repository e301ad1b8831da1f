import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../../support/canary.ts';
import { ACR_HOST, startAcr } from '../../support/stub-registries/azure.ts';
import { startDockerHub } from '../../support/stub-registries/docker-hub.ts';
import { startGitLab } from '../../support/stub-registries/gitlab.ts';
import { GAR_HOST, startArtifactRegistry } from '../../support/stub-registries/google.ts';
import { startHarbor } from '../../support/stub-registries/harbor.ts';
import type { Internet } from '../../support/stub-registries/internet.ts';
import type { Action } from '../../support/stub-registries/registry-api.ts';
import { probe, startInternet, talk } from './probe-fixture.ts';

let internet: Internet;
beforeAll(async () => {
  internet = await startInternet();
});
afterEach(() => internet.reset());
afterAll(() => internet.close());

const account = (actions: readonly Action[], username = 'robot', password = canary('probe')) => ({
  username,
  password,
  rights: { 'team/app': actions },
});
const LOGIN_DENIED = { login: 'DENIED', pull: 'UNKNOWN', push: 'UNKNOWN', method: null };

describe('the probe of Docker Hub', () => {
  const asked = { url: 'docker.io', provider: 'DOCKER_HUB', username: 'robot' } as const;

  it("proves a login with a token request without a scope, and with the registry's answer to that token", async () => {
    const robot = account([]);
    const { auth, api } = await startDockerHub(internet, [robot]);
    expect(await probe(internet, { ...asked, password: robot.password })).toMatchObject({
      outcome: 'OK',
      detail: null,
      login: 'PROVED',
      pull: 'UNKNOWN',
      push: 'UNKNOWN',
      method: 'TOKEN_SCOPE',
      repository: null,
      expiresAt: null,
    });
    expect(talk(auth)).toEqual(['GET /token']);
    expect(auth.requests[0]?.query.get('service')).toBe('registry.docker.io');
    expect(talk(api)).toEqual(['GET /v2/', 'GET /v2/']);
  });

  it('reads from the token that it grants less than was requested, although the answer is 200', async () => {
    const robot = account(['pull']);
    const { auth, api } = await startDockerHub(internet, [robot]);
    const report = await probe(internet, { ...asked, password: robot.password, repository: 'team/app' });
    expect(report).toMatchObject({
      outcome: 'INSUFFICIENT_PERMISSION',
      login: 'PROVED',
      pull: 'PROVED',
      push: 'DENIED',
    });
    expect(report.method).toBe('TOKEN_SCOPE');
    expect(talk(auth)).toEqual(['GET /token', 'GET /token repository:team/app:pull,push']);
    // The token was enough: no upload was begun that would have to be cancelled.
    expect(api.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('accepts a denied push if the credential is for pulling', async () => {
    const robot = account(['pull']);
    await startDockerHub(internet, [robot]);
    const report = await probe(internet, {
      ...asked,
      password: robot.password,
      repository: 'team/app',
      access: 'PULL',
    });
    expect(report).toMatchObject({ outcome: 'OK', pull: 'PROVED', push: 'DENIED' });
  });

  it('proves both rights, and reads a name alone as an official image', async () => {
    const robot = { ...account([]), rights: { 'library/alpine': ['pull', 'push'] as const } };
    const { auth } = await startDockerHub(internet, [robot]);
    const report = await probe(internet, { ...asked, password: robot.password, repository: 'alpine' });
    expect(report).toMatchObject({ outcome: 'OK', pull: 'PROVED', push: 'PROVED', repository: 'alpine' });
    expect(talk(auth)).toContain('GET /token repository:library/alpine:pull,push');
  });

  it('asks nothing more after a refused login, and says what the password is not', async () => {
    const { auth, api } = await startDockerHub(internet, []);
    const report = await probe(internet, { ...asked, password: canary('wrong'), repository: 'team/app' });
    expect(report).toMatchObject({ ...LOGIN_DENIED, outcome: 'AUTHENTICATION_FAILED', detail: 'ACCOUNT_PASSWORD' });
    expect(talk(auth)).toEqual(['GET /token']);
    expect(talk(api)).toEqual(['GET /v2/']);
  });
});

describe('the probe of Harbor', () => {
  const asked = { url: 'harbor.example.com', provider: 'HARBOR', username: 'robot$team+ci' } as const;

  it('is not deceived by the token that bad credentials get for a scope', async () => {
    const { host } = await startHarbor(internet, []);
    const report = await probe(internet, { ...asked, password: canary('wrong'), repository: 'team/app' });
    expect(report).toMatchObject({ ...LOGIN_DENIED, outcome: 'AUTHENTICATION_FAILED' });
    expect(talk(host)).toEqual(['GET /v2/', 'GET /service/token']);
  });

  it('reads from a token only the requested repository', async () => {
    const robot = account(['pull', 'push'], asked.username);
    await startHarbor(internet, [robot]);
    const granted = await probe(internet, { ...asked, password: robot.password, repository: 'team/app' });
    expect(granted).toMatchObject({ outcome: 'OK', pull: 'PROVED', push: 'PROVED', method: 'TOKEN_SCOPE' });
    const other = await probe(internet, { ...asked, password: robot.password, repository: 'team/other' });
    expect(other).toMatchObject({ outcome: 'INSUFFICIENT_PERMISSION', pull: 'DENIED', push: 'DENIED' });
  });

  it.each([
    ['when the robot account expires', 'robot$team+ci', 'robot$team+ci', 1_900_000_000, '2030-03-17T17:46:40.000Z'],
    ['when a system robot expires', 'robot$ci', 'robot$ci', 1_900_000_000, '2030-03-17T17:46:40.000Z'],
    ['nothing if it never expires', 'robot$team+ci', 'robot$team+ci', -1, null],
    ["nothing of another account's end", 'robot$team+ci', 'robot$team+ci2', 1_900_000_000, null],
    ['nothing in a project that it may not see', 'robot$other+ci', 'robot$other+ci', 1_900_000_000, null],
  ])('learns %s', async (_, username, name, expires_at, expiresAt) => {
    const robot = account([], username);
    await startHarbor(internet, [robot], [{ name, expires_at }]);
    const report = await probe(internet, { ...asked, username, password: robot.password });
    expect(report).toMatchObject({ outcome: 'OK', login: 'PROVED', expiresAt });
  });
});

describe('the probe of GitLab', () => {
  const asked = { url: 'registry.gitlab.com', provider: 'GITLAB', username: 'robot' } as const;

  it('distinguishes a token without the registry scope from an invalid one', async () => {
    const password = canary('glpat');
    await startGitLab(internet, [], { withoutRegistryScope: [password] });
    expect(await probe(internet, { ...asked, password })).toMatchObject({
      ...LOGIN_DENIED,
      outcome: 'INSUFFICIENT_PERMISSION',
      detail: 'TOKEN_WITHOUT_SCOPE',
    });
    expect(await probe(internet, { ...asked, password: canary('wrong') })).toMatchObject({
      ...LOGIN_DENIED,
      outcome: 'AUTHENTICATION_FAILED',
    });
  });

  it('reads filtered and missing actions', async () => {
    const robot = account(['pull']);
    await startGitLab(internet, [robot]);
    const read = await probe(internet, { ...asked, password: robot.password, repository: 'team/app' });
    expect(read).toMatchObject({ outcome: 'INSUFFICIENT_PERMISSION', pull: 'PROVED', push: 'DENIED' });
    const none = await probe(internet, { ...asked, password: robot.password, repository: 'team/none' });
    expect(none).toMatchObject({ outcome: 'INSUFFICIENT_PERMISSION', pull: 'DENIED', push: 'DENIED' });
  });

  it('learns the last day of an access token, only from the GitLab that issues the tokens', async () => {
    const robot = account([], 'robot', `glpat-${canary('pat')}`);
    const options = { expiresAt: '2030-06-30', registryHost: 'registry.git.example.com', host: 'git.example.com' };
    const { site } = await startGitLab(internet, [robot], options);
    const report = await probe(internet, { ...asked, url: 'registry.git.example.com', password: robot.password });
    expect(report).toMatchObject({ outcome: 'OK', login: 'PROVED', expiresAt: '2030-06-30T00:00:00.000Z' });
    expect(talk(site)).toEqual(['GET /jwt/auth', 'GET /api/v4/personal_access_tokens/self']);
    expect(new Set(internet.dialled)).toEqual(new Set(['registry.git.example.com', 'git.example.com']));
  });

  it('does not send deploy tokens to the API', async () => {
    const robot = account([], 'gitlab+deploy-token-7', `gldt-${canary('deploy')}`);
    const { site } = await startGitLab(internet, [robot]);
    const report = await probe(internet, { ...asked, username: robot.username, password: robot.password });
    expect(report).toMatchObject({ outcome: 'OK', expiresAt: null });
    expect(talk(site)).toEqual(['GET /jwt/auth']);
  });
});

describe('the probe of Azure', () => {
  const asked = { url: ACR_HOST, provider: 'AZURE', username: 'robot' } as const;

  it('reads `access_token` if there is no `token`', async () => {
    const robot = account(['pull', 'push']);
    await startAcr(internet, [robot]);
    const report = await probe(internet, { ...asked, password: robot.password, repository: 'team/app' });
    expect(report).toMatchObject({ outcome: 'OK', login: 'PROVED', pull: 'PROVED', push: 'PROVED' });
  });

  it('reports a refused login', async () => {
    await startAcr(internet, []);
    expect(await probe(internet, { ...asked, password: canary('wrong') })).toMatchObject({
      ...LOGIN_DENIED,
      outcome: 'AUTHENTICATION_FAILED',
    });
  });
});

describe('the probe of Artifact Registry', () => {
  const asked = { url: GAR_HOST, provider: 'GOOGLE', username: '_json_key' } as const;

  it('takes the handshake as proof, and begins no upload', async () => {
    const robot = account(['pull', 'push'], '_json_key');
    const { host } = await startArtifactRegistry(internet, [robot], ['team/app']);
    const report = await probe(internet, { ...asked, password: robot.password, repository: 'team/app' });
    expect(report).toMatchObject({ outcome: 'OK', pull: 'PROVED', push: 'PROVED', method: 'TOKEN_SCOPE' });
    expect(host.requests.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('asks for the right to pull alone if both together were refused', async () => {
    const robot = account(['pull'], '_json_key');
    const { host } = await startArtifactRegistry(internet, [robot], ['team/app']);
    const report = await probe(internet, { ...asked, password: robot.password, repository: 'team/app' });
    expect(report).toMatchObject({ outcome: 'INSUFFICIENT_PERMISSION', pull: 'PROVED', push: 'DENIED' });
    expect(talk(host).slice(3)).toEqual([
      'GET /v2/token repository:team/app:pull,push',
      'GET /v2/token repository:team/app:pull',
    ]);
  });

  it('reports a repository that must be created first', async () => {
    const robot = account(['pull', 'push'], '_json_key');
    await startArtifactRegistry(internet, [robot], []);
    const report = await probe(internet, { ...asked, password: robot.password, repository: 'team/app' });
    expect(report).toMatchObject({
      outcome: 'REPOSITORY_NOT_FOUND',
      login: 'PROVED',
      pull: 'UNKNOWN',
      push: 'UNKNOWN',
    });
  });

  it.each([
    ['truncated', '{"type": "service_account", "client_email"', 'BROKEN_KEY'],
    ['quoted again', JSON.stringify('{"type": "service_account"}'), 'REQUOTED_KEY'],
  ])('says of a refused key that it was %s', async (_, password, detail) => {
    await startArtifactRegistry(internet, [], []);
    expect(await probe(internet, { ...asked, password })).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', detail });
  });
});
