import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { judgeRealm } from '../../../src/adapters/registry/realm-trust.ts';
import { diagnose } from '../../../src/domain/diagnosis.ts';
import { FORGEJO_HOST, startForgejo } from '../../support/stub-registries/forgejo.ts';
import type { Internet } from '../../support/stub-registries/internet.ts';
import type { Action } from '../../support/stub-registries/registry-api.ts';
import { probe, startInternet, talk, withCredential } from './probe-fixture.ts';

let internet: Internet;
beforeAll(async () => {
  internet = await startInternet([FORGEJO_HOST, 'codeberg.org', 'forge.internal.example']);
});
afterEach(() => internet.reset());
afterAll(() => internet.close());

const asked = { url: FORGEJO_HOST, provider: 'FORGEJO', username: 'ada' } as const;
const owners = ['team'];

const account = (actions: readonly Action[]) => ({
  username: 'ada',
  password: randomBytes(20).toString('hex'),
  rights: { 'team/app': actions },
});

describe('the probe of Gitea and Forgejo', () => {
  it.each([FORGEJO_HOST, 'codeberg.org'])('proves a login on %s without asking for a scope', async (host) => {
    const ada = account([]);
    const forgejo = await startForgejo(internet, [ada], { host, owners });
    expect(await probe(internet, { ...asked, url: host, password: ada.password })).toMatchObject({
      outcome: 'OK',
      login: 'PROVED',
      expiresAt: null,
    });
    // Nor for the scope `*`, which the challenge names.
    expect(talk(forgejo.host)).toEqual(['GET /v2/', 'GET /v2/token', 'GET /v2/']);
  });

  it('is not deceived by the token for anonymous clients', async () => {
    const { host } = await startForgejo(internet, [], { owners });
    const report = await probe(internet, { ...asked, password: account([]).password, repository: 'team/app' });
    expect(report).toMatchObject({
      outcome: 'AUTHENTICATION_FAILED',
      login: 'DENIED',
      pull: 'UNKNOWN',
      push: 'UNKNOWN',
    });
    expect(talk(host)).toEqual(['GET /v2/', 'GET /v2/token']);
  });

  it('reports that a token without a scope for packages is refused', async () => {
    const ada = account(['pull', 'push']);
    await startForgejo(internet, [ada], { owners, withoutPackageScope: [ada.password] });
    const report = await probe(internet, { ...asked, password: ada.password });
    expect(report).toMatchObject({ outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' });
    expect(diagnose({ ...asked, ...report })).toMatch(/lacks a scope for packages/);
  });

  it.each([
    [['pull', 'push'], 'OK', 'PROVED', 'PROVED'],
    [['pull'], 'INSUFFICIENT_PERMISSION', 'PROVED', 'DENIED'],
    [[], 'INSUFFICIENT_PERMISSION', 'DENIED', 'DENIED'],
  ] as const)('tries out the rights %j, which its tokens do not tell', async (actions, outcome, pull, push) => {
    for (const provider of ['FORGEJO', 'GENERIC'] as const) {
      const ada = account(actions);
      const { host } = await startForgejo(internet, [ada], { owners });
      const report = await probe(internet, { ...asked, provider, password: ada.password, repository: 'team/app' });
      expect(report).toMatchObject({ outcome, login: 'PROVED', pull, push, method: 'UPLOAD_PROBE' });
      const uploads = talk(host).filter((line) => !line.startsWith('GET'));
      expect(uploads).toHaveLength(push === 'PROVED' ? 2 : 1);
    }
  });

  it('says what may be wrong if the owner is unknown', async () => {
    const ada = account([]);
    await startForgejo(internet, [ada], { owners });
    const report = await probe(internet, { ...asked, password: ada.password, repository: 'nobody/app' });
    expect(report).toMatchObject({ outcome: 'UNEXPECTED_ANSWER', login: 'PROVED', pull: 'UNKNOWN', push: 'UNKNOWN' });
    expect(diagnose({ ...asked, ...report })).toMatch(/have no such owner/);
  });

  it.each(['https://forge.internal.example/', `http://${FORGEJO_HOST}/`])(
    'sends no credential if ROOT_URL is %s',
    async (rootUrl) => {
      const ada = account(['pull', 'push']);
      const elsewhere = await internet.serve('forge.internal.example', () => ({ status: 401 }));
      const { host } = await startForgejo(internet, [ada], { owners, rootUrl });
      const report = await probe(internet, { ...asked, password: ada.password });
      expect(report).toMatchObject({ outcome: 'REALM_NOT_TRUSTED', login: 'UNKNOWN' });
      expect(diagnose({ ...asked, ...report })).toMatch(/ROOT_URL/);
      expect([elsewhere.requests, withCredential(host)]).toEqual([[], []]);
    },
  );

  it('sends it there if the operator trusts that host', async () => {
    const ada = account([]);
    const elsewhere = await startForgejo(internet, [ada], { owners, host: 'forge.internal.example' });
    await startForgejo(internet, [ada], { owners, rootUrl: 'https://forge.internal.example/' });
    const trustedRealms = new Set(['forge.internal.example']);
    const report = await probe(internet, { ...asked, password: ada.password }, { trustedRealms });
    // The two servers do not accept each other's tokens.
    expect(report.outcome).toBe('AUTHENTICATION_FAILED');
    expect(talk(elsewhere.host)).toEqual(['GET /v2/token']);
    expect(withCredential(elsewhere.host)).toHaveLength(1);
  });
});

describe('the realm of Gitea and Forgejo', () => {
  const trusts = (realm: string, url: string) =>
    judgeRealm(realm, { url, provider: 'FORGEJO', plainHttp: false, trustedRealms: new Set(), authRealmHost: null })
      .kind === 'TRUSTED';

  it('is trusted on the host itself, whatever its port', () => {
    expect(trusts('https://codeberg.org/v2/token', 'codeberg.org')).toBe(true);
    expect(trusts('https://git.example.com/v2/token', 'git.example.com:3000')).toBe(true);
  });

  it.each([
    ['https://codeberg.org.evil.example/v2/token', 'codeberg.org'],
    ['https://codeberg.org/v2/token', 'git.example.com'],
    ['https://example.com/v2/token', 'git.example.com'],
  ])('is not %s for %s', (realm, url) => {
    expect(trusts(realm, url)).toBe(false);
  });
});
