import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { judgeRealm } from '../../../src/adapters/registry/realm-trust.ts';
import type { Internet } from '../../support/stub-registries/internet.ts';
import type { Action } from '../../support/stub-registries/registry-api.ts';
import { SCALEWAY_API, SCALEWAY_HOST, startScaleway } from '../../support/stub-registries/scaleway.ts';
import { probe, startInternet, talk, withCredential } from './probe-fixture.ts';

let internet: Internet;
beforeAll(async () => {
  internet = await startInternet([SCALEWAY_HOST, SCALEWAY_API, 'elsewhere.example.com']);
});
afterEach(() => internet.reset());
afterAll(() => internet.close());

const asked = { url: SCALEWAY_HOST, provider: 'SCALEWAY', username: 'nologin' } as const;
const namespaces = ['team'];
const TOKENS = '/registry-internal/v1/regions/fr-par/tokens';

const apiKey = (actions: readonly Action[]) => ({
  username: 'nologin',
  password: randomUUID(),
  rights: { 'team/app': actions },
});

describe('the probe of Scaleway', () => {
  it.each(['nologin', 'SCWABCDEFGHIJKLMNOPQ', 'ci'])(
    'proves a login as %s at the host that issues the tokens',
    async (username) => {
      const key = apiKey([]);
      const { api, registry } = await startScaleway(internet, [key], { namespaces });
      expect(await probe(internet, { ...asked, username, password: key.password })).toMatchObject({
        outcome: 'OK',
        login: 'PROVED',
        expiresAt: null,
      });
      expect(talk(api)).toEqual([`GET ${TOKENS}`]);
      expect(talk(registry)).toEqual(['GET /v2/', 'GET /v2/']);
    },
  );

  it.each([401, 403, 404])('interprets %i to the token request as a wrong key', async (refusal) => {
    const { api, registry } = await startScaleway(internet, [], { namespaces, refusal });
    const refused = (password: string) => probe(internet, { ...asked, password, repository: 'team/app' });
    const denied = { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED', pull: 'UNKNOWN', push: 'UNKNOWN' };
    expect(await refused(randomUUID())).toMatchObject({ ...denied, detail: null });
    expect(await refused('a password')).toMatchObject({ ...denied, detail: 'ACCOUNT_PASSWORD' });
    expect(talk(api)).toEqual([`GET ${TOKENS}`, `GET ${TOKENS}`]);
    expect(withCredential(registry)).toEqual([]);
  });

  it.each([
    [['pull', 'push'], 'OK', 'PROVED', 'PROVED'],
    [['pull'], 'INSUFFICIENT_PERMISSION', 'PROVED', 'DENIED'],
    [[], 'INSUFFICIENT_PERMISSION', 'DENIED', 'DENIED'],
  ] as const)(
    'finds the rights %j, with tokens that list them and with others',
    async (actions, outcome, pull, push) => {
      for (const opaqueTokens of [false, true]) {
        const key = apiKey(actions);
        await startScaleway(internet, [key], { namespaces, opaqueTokens });
        const report = await probe(internet, { ...asked, password: key.password, repository: 'team/app' });
        expect(report).toMatchObject({ outcome, login: 'PROVED', pull, push });
      }
    },
  );

  it('finds that the namespace does not exist', async () => {
    const key = apiKey([]);
    await startScaleway(internet, [key], { namespaces });
    expect(await probe(internet, { ...asked, password: key.password, repository: 'other/app' })).toMatchObject({
      outcome: 'REPOSITORY_NOT_FOUND',
      login: 'PROVED',
      pull: 'UNKNOWN',
      push: 'UNKNOWN',
    });
  });

  it('sends no key to another host that the registry names', async () => {
    const elsewhere = await internet.serve('elsewhere.example.com', () => ({ status: 401 }));
    await internet.serve(SCALEWAY_HOST, () => ({
      status: 401,
      headers: { 'www-authenticate': `Bearer realm="https://elsewhere.example.com${TOKENS}",service="registry"` },
    }));
    expect(await probe(internet, { ...asked, password: randomUUID() })).toMatchObject({ outcome: 'REALM_NOT_TRUSTED' });
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('the realm of Scaleway', () => {
  const trusts = (realm: string, url: string, provider: 'SCALEWAY' | 'GENERIC' = 'SCALEWAY') =>
    judgeRealm(realm, { url, provider, plainHttp: false, trustedRealms: new Set(), authRealmHost: null }).kind ===
    'TRUSTED';

  it.each(['rg.fr-par.scw.cloud', 'rg.nl-ams.scw.cloud', 'rg.pl-waw.scw.cloud'])('is trusted by %s', (url) => {
    expect(trusts(`https://${SCALEWAY_API}${TOKENS}`, url)).toBe(true);
  });

  it.each([
    ['https://api.scaleway.com.evil.example/', 'rg.fr-par.scw.cloud'],
    ['https://api.scaleway.com:8443/', 'rg.fr-par.scw.cloud'],
    ['http://api.scaleway.com/', 'rg.fr-par.scw.cloud'],
    ['https://scaleway.com/', 'rg.fr-par.scw.cloud'],
    ['https://rg.nl-ams.scw.cloud/', 'rg.fr-par.scw.cloud'],
    [`https://${SCALEWAY_API}${TOKENS}`, 'rg.fr-par.scw.cloud.evil.example'],
    [`https://${SCALEWAY_API}${TOKENS}`, 'registry.example.com'],
  ])('is not %s for %s', (realm, url) => {
    expect(trusts(realm, url)).toBe(false);
    expect(trusts(realm, url, 'GENERIC')).toBe(false);
  });
});
