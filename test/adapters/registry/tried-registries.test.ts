import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../../support/canary.ts';
import { ECR_HOST, startEcr } from '../../support/stub-registries/amazon-ecr.ts';
import { startGhcr } from '../../support/stub-registries/ghcr.ts';
import type { Internet } from '../../support/stub-registries/internet.ts';
import { startQuay } from '../../support/stub-registries/quay.ts';
import type { Action } from '../../support/stub-registries/registry-api.ts';
import { NOW, probe, startInternet, talk } from './probe-fixture.ts';

let internet: Internet;
beforeAll(async () => {
  internet = await startInternet();
});
afterEach(() => internet.reset());
afterAll(() => internet.close());

const account = (actions: readonly Action[], username: string, password = canary('probe')) => ({
  username,
  password,
  rights: { 'team/app': actions },
});
const UPLOADS = '/v2/team/app/blobs/uploads/';

describe('the probe of Quay', () => {
  const asked = { url: 'quay.io', provider: 'QUAY', username: 'team+ci' } as const;
  const pushScopes = (talked: string[]) => talked.filter((line) => /:pull,push$|:push$/.test(line));

  it.each(['QUAY', 'GENERIC', 'HARBOR', 'GITLAB', 'ARTIFACTORY'] as const)(
    'asks for no push scope of a missing repository, declared as %s',
    async (provider) => {
      const robot = account([], asked.username);
      const host = provider === 'QUAY' ? 'quay.io' : 'registry.example.com';
      const quay = await startQuay(internet, [robot], { host, repositories: [], ownedNamespace: 'team' });
      const report = await probe(internet, {
        ...asked,
        url: host,
        provider,
        password: robot.password,
        repository: 'team/new',
      });
      // An owner gets the right to pull even for a missing repository.
      expect(report).toMatchObject({
        outcome: 'REPOSITORY_NOT_FOUND',
        login: 'PROVED',
        pull: 'UNKNOWN',
        push: 'UNKNOWN',
      });
      expect(pushScopes(talk(quay.host))).toEqual([]);
      expect(quay.made).toEqual([]);
    },
  );

  it('asks for no push scope of a repository that the account may not see', async () => {
    const robot = account([], asked.username);
    const quay = await startQuay(internet, [robot], { repositories: ['team/app'] });
    const report = await probe(internet, { ...asked, password: robot.password, repository: 'team/app' });
    expect(report).toMatchObject({ outcome: 'INSUFFICIENT_PERMISSION', pull: 'DENIED', push: 'UNKNOWN' });
    expect(pushScopes(talk(quay.host))).toEqual([]);
  });

  it.each([
    [['pull'], 'INSUFFICIENT_PERMISSION', 'DENIED'],
    [['pull', 'push'], 'OK', 'PROVED'],
  ] as const)('reads the actions %j from the token for a repository that is there', async (actions, outcome, push) => {
    const robot = account(actions, asked.username);
    const quay = await startQuay(internet, [robot], { repositories: ['team/app'] });
    const report = await probe(internet, { ...asked, password: robot.password, repository: 'team/app' });
    expect(report).toMatchObject({ outcome, pull: 'PROVED', push, method: 'TOKEN_SCOPE' });
    expect(talk(quay.host)).not.toContain(`POST ${UPLOADS}`);
    expect(quay.made).toEqual([]);
  });

  it('reports a refused login', async () => {
    await startQuay(internet, [], { repositories: ['team/app'] });
    const report = await probe(internet, { ...asked, password: canary('wrong'), repository: 'team/app' });
    expect(report).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' });
  });
});

describe('the probe of ghcr.io', () => {
  const asked = { url: 'ghcr.io', provider: 'GITHUB', username: 'robot', repository: 'team/app' } as const;

  it('begins an upload, and accepts 405 when it cancels it', async () => {
    const robot = account(['pull', 'push'], 'robot');
    const { host } = await startGhcr(internet, [robot]);
    const report = await probe(internet, { ...asked, password: robot.password });
    expect(report).toMatchObject({ outcome: 'OK', login: 'PROVED', pull: 'PROVED', push: 'PROVED' });
    expect(report.method).toBe('UPLOAD_PROBE');
    expect(talk(host).filter((line) => !line.startsWith('GET'))).toEqual([
      `POST ${UPLOADS}`,
      expect.stringMatching(/^DELETE \/v2\/team\/app\/blobs\/uploads\/[0-9a-f-]+$/),
    ]);
  });

  it.each([
    ['at the upload', {}],
    ['at the token request', { refusesScopes: true }],
    ['at the upload, with a token that looks like a JWT and claims both', { boastingTokens: true }],
  ])('denies the push if write:packages is missing, found %s', async (_, options) => {
    const robot = account(['pull'], 'robot');
    await startGhcr(internet, [robot], options);
    const report = await probe(internet, { ...asked, password: robot.password });
    expect(report).toMatchObject({
      outcome: 'INSUFFICIENT_PERMISSION',
      login: 'PROVED',
      pull: 'PROVED',
      push: 'DENIED',
    });
  });

  it('does not ask for the scope that the challenge names as an example', async () => {
    const robot = account(['pull', 'push'], 'robot');
    const { host } = await startGhcr(internet, [robot]);
    await probe(internet, { ...asked, password: robot.password });
    expect(talk(host).join('\n')).not.toContain('user/image');
  });

  it.each([
    [`github_pat_${'a'.repeat(20)}`, 'FINE_GRAINED_TOKEN'],
    ['a password', 'ACCOUNT_PASSWORD'],
    [`ghp_${'a'.repeat(36)}`, null],
    [`glpat-${'a'.repeat(20)}`, 'OTHER_PROVIDERS_TOKEN'],
  ])('interprets 403 to the login as bad credentials: %s', async (password, detail) => {
    const { api } = await startGhcr(internet, []);
    const report = await probe(internet, { ...asked, password });
    expect(report).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', detail, login: 'DENIED', push: 'UNKNOWN' });
    // A refused credential is sent nowhere else.
    expect(api.requests).toHaveLength(0);
  });

  it.each([
    ['2030-02-28 10:00:00 UTC', '2030-02-28T10:00:00.000Z'],
    ['2030-02-28 10:00:00 +0200', '2030-02-28T08:00:00.000Z'],
    ['soon', null],
    [undefined, null],
  ])('learns from the header %j that the token expires at %j', async (expiration, expiresAt) => {
    const robot = account([], 'robot', `ghp_${canary('pat')}`);
    await startGhcr(internet, [robot], expiration === undefined ? {} : { expiration });
    const report = await probe(internet, { ...asked, repository: null, password: robot.password });
    expect(report).toMatchObject({ outcome: 'OK', login: 'PROVED', expiresAt });
  });

  it('stays complete if the API cannot be reached', async () => {
    const robot = account([], 'robot', `ghp_${canary('pat')}`);
    const { api } = await startGhcr(internet, [robot]);
    await api.close();
    const report = await probe(internet, { ...asked, repository: null, password: robot.password });
    expect(report).toMatchObject({ outcome: 'OK', login: 'PROVED', expiresAt: null });
  });
});

describe('the probe of Amazon ECR', () => {
  const asked = { url: ECR_HOST, provider: 'AMAZON_ECR', username: 'AWS', repository: 'team/app' } as const;
  const ecrPassword = (expiration: number) =>
    Buffer.from(
      JSON.stringify({ payload: canary('ecr'), datakey: 'k', version: '2', type: 'DATA_KEY', expiration }),
    ).toString('base64');

  it('interprets the plain text with status 403 as an expired password', async () => {
    const password = canary('expired');
    const { host } = await startEcr(internet, [], { repositories: ['team/app'], expired: [password] });
    const report = await probe(internet, { ...asked, password });
    expect(report).toMatchObject({ outcome: 'EXPIRED', detail: 'SECRET_EXPIRED', login: 'DENIED', pull: 'UNKNOWN' });
    expect(talk(host)).toEqual(['GET /v2/', 'GET /v2/']);
  });

  it('reads the expiry of a refused password from the password itself, whatever the registry writes', async () => {
    await startEcr(internet, [], { repositories: [] });
    const refused = (seconds: number) => probe(internet, { ...asked, password: ecrPassword(NOW / 1000 + seconds) });
    expect(await refused(-60)).toMatchObject({ outcome: 'EXPIRED', detail: 'SECRET_EXPIRED', login: 'DENIED' });
    expect(await refused(60)).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', detail: null, login: 'DENIED' });
  });

  it('interprets status 400 as a password that is not from Amazon', async () => {
    const password = canary('malformed');
    await startEcr(internet, [], { repositories: [], malformed: [password] });
    expect(await probe(internet, { ...asked, password })).toMatchObject({
      outcome: 'AUTHENTICATION_FAILED',
      login: 'DENIED',
    });
  });

  it('proves both rights with Basic, without listing tags, because Amazon has a separate right for that', async () => {
    const robot = account(['pull', 'push'], 'AWS');
    const { host } = await startEcr(internet, [robot], { repositories: ['team/app'] });
    const report = await probe(internet, { ...asked, password: robot.password });
    expect(report).toMatchObject({ outcome: 'OK', login: 'PROVED', pull: 'PROVED', push: 'PROVED' });
    expect(report.method).toBe('UPLOAD_PROBE');
    expect(talk(host).join('\n')).not.toContain('tags/list');
  });

  it('reports a repository that must be created first', async () => {
    const robot = account(['pull', 'push'], 'AWS');
    await startEcr(internet, [robot], { repositories: [] });
    const report = await probe(internet, { ...asked, password: robot.password });
    expect(report).toMatchObject({
      outcome: 'REPOSITORY_NOT_FOUND',
      login: 'PROVED',
      pull: 'UNKNOWN',
      push: 'UNKNOWN',
    });
    expect(report.method).toBe('BASIC');
  });

  it('distinguishes pull only from push', async () => {
    const robot = account(['pull'], 'AWS');
    await startEcr(internet, [robot], { repositories: ['team/app'] });
    const report = await probe(internet, { ...asked, password: robot.password });
    expect(report).toMatchObject({ outcome: 'INSUFFICIENT_PERMISSION', pull: 'PROVED', push: 'DENIED' });
  });
});
