import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeRealm, type RealmTrust } from '../../../src/adapters/registry/realm-trust.ts';

const judge = (realm: string, url: string, options: Partial<RealmTrust> = {}) =>
  judgeRealm(realm, {
    url,
    provider: 'GENERIC',
    plainHttp: false,
    trustedRealms: new Set(),
    authRealmHost: null,
    ...options,
  });
const trusts = (...asked: Parameters<typeof judge>) => judge(...asked).kind === 'TRUSTED';

describe('a realm is trusted with the credential', () => {
  it.each([
    ['docker.io', 'https://auth.docker.io/token'],
    ['docker.io', 'https://registry-1.docker.io/token'],
    ['registry.gitlab.com', 'https://gitlab.com/jwt/auth'],
    ['registry.digitalocean.com', 'https://api.digitalocean.com/v2/registry/auth'],
    ['registry.example.com', 'https://registry.example.com/token?x=1'],
    ['registry.example.com:5000', 'https://REGISTRY.example.com:5001/token'],
    ['[2001:db8::1]:5000', 'https://[2001:db8::1]/token'],
    ['registry.cn-hangzhou.aliyuncs.com', 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'],
    ['registry-intl.ap-southeast-1.aliyuncs.com', 'https://dockerauth.ap-southeast-1.aliyuncs.com/auth'],
    ['registry-vpc.cn-chengdu.aliyuncs.com', 'https://dockerauth-vpc.cn-chengdu.aliyuncs.com/auth'],
    ['registry.cn-zhangjiakou.aliyuncs.com', 'https://dockerauth-cn-zhangjiakou.aliyuncs.com/auth'],
    ['demo-registry.cn-hangzhou.cr.aliyuncs.com', 'https://dockerauth-ee.cn-hangzhou.aliyuncs.com/auth'],
    ['demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com', 'https://dockerauth-ee-vpc.cn-hangzhou.aliyuncs.com/auth'],
    ['crpi-abc123.cn-hangzhou.personal.cr.aliyuncs.com', 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'],
    ['registry.connect.redhat.com', 'https://sso.redhat.com/auth/realms/rhc4tp/protocol/docker-v2/auth'],
    ['registry.redhat.io', 'https://sso.redhat.com/auth/realms/rhcc/protocol/redhat-docker-v2/auth'],
    ['registry.redhat.io', 'https://registry.redhat.io/auth/realms/rhcc/protocol/redhat-docker-v2/auth'],
    ['lscr.io', 'https://ghcr.io/token'],
  ])('of %s at %s', (url, realm) => {
    expect(trusts(realm, url)).toBe(true);
  });

  it('on the host of a GitLab if the registry is registry.<that host>', () => {
    const url = 'registry.git.example.com';
    expect(trusts('https://git.example.com/jwt/auth', url, { provider: 'GITLAB' })).toBe(true);
    expect(trusts('https://git.example.com/jwt/auth', url)).toBe(false);
    expect(trusts('https://example.com/jwt/auth', url, { provider: 'GITLAB' })).toBe(false);
    expect(trusts('https://registry.git.example.com.evil.example/', url, { provider: 'GITLAB' })).toBe(false);
  });

  it('if the operator allows its host, or its host with that port', () => {
    const url = 'registry.example.com';
    expect(trusts('https://sso.example.com/t', url, { trustedRealms: new Set(['sso.example.com']) })).toBe(true);
    expect(trusts('https://sso.example.com:8443/t', url, { trustedRealms: new Set(['sso.example.com:8443']) })).toBe(
      true,
    );
    expect(trusts('https://sso.example.com:8444/t', url, { trustedRealms: new Set(['sso.example.com:8443']) })).toBe(
      false,
    );
    expect(trusts('http://sso.example.com/t', url, { trustedRealms: new Set(['sso.example.com']) })).toBe(false);
  });

  it('if a writer has confirmed its host, and its port if it has one, for https alone', () => {
    const url = 'containers.example.com';
    const authRealmHost = 'gitlab.example.com';
    expect(trusts('https://gitlab.example.com/jwt/auth', url, { authRealmHost })).toBe(true);
    expect(trusts('https://gitlab.example.com:8443/jwt/auth', url, { authRealmHost })).toBe(false);
    expect(trusts('https://gitlab.example.com:8443/t', url, { authRealmHost: 'gitlab.example.com:8443' })).toBe(true);
    expect(trusts('https://a.gitlab.example.com/jwt/auth', url, { authRealmHost })).toBe(false);
    expect(trusts('https://gitlab.example.com.evil.example/t', url, { authRealmHost })).toBe(false);
    for (const plainHttp of [true, false]) {
      expect(judge('http://gitlab.example.com/jwt/auth', url, { authRealmHost, plainHttp }).kind).toBe(
        'REALM_PLAIN_HTTP',
      );
    }
  });

  it('over plain http only if the registry has nothing else', () => {
    expect(trusts('http://registry.example.com/token', 'registry.example.com')).toBe(false);
    expect(trusts('http://registry.example.com/token', 'registry.example.com', { plainHttp: true })).toBe(true);
    expect(trusts('http://other.example.com/token', 'registry.example.com', { plainHttp: true })).toBe(false);
  });
});

describe('a realm is not trusted', () => {
  it.each([
    ['docker.io', 'https://auth.docker.io.evil.example/token'],
    ['docker.io', 'https://evil-docker.io/token'],
    ['docker.io', 'https://auth.docker.io:8443/token'],
    ['docker.io', 'http://auth.docker.io/token'],
    ['docker.io', 'https://user:password@auth.docker.io/token'],
    ['docker.io', 'https://auth.docker.io@evil.example/token'],
    ['docker.io', 'https://auth.docker.io.:443/token'],
    ['docker.io', '/token'],
    ['docker.io', '//auth.docker.io/token'],
    ['docker.io', 'file:///etc/passwd'],
    ['docker.io', 'javascript:alert(1)'],
    ['docker.io', ''],
    ['registry.example.com', 'https://auth.docker.io/token'],
    ['registry.example.com', 'https://example.com/token'],
    ['registry.example.com', 'https://sub.registry.example.com/token'],
    ['registry.example.com', 'https://registry.example.com.evil.example/token'],
    ['registry.example.com', 'https://evil.example/registry.example.com'],
    ['registry.example.com', 'https://evil.example\\@registry.example.com/token'],
    ['registry.cn-hangzhou.aliyuncs.com', 'https://dockerauth.cn-shanghai.aliyuncs.com/auth'],
    ['registry.cn-hangzhou.aliyuncs.com.evil.example', 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'],
    ['evil-registry.cn-hangzhou.aliyuncs.com', 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'],
    ['registry.cn-hangzhou.aliyuncs.com', 'https://dockerauth.cn-hangzhou.aliyuncs.com:8443/auth'],
    ['registry.cn-hangzhou.aliyuncs.com:5000', 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'],
    ['registry.access.redhat.com', 'https://sso.redhat.com/auth'],
    ['ghcr.io', 'https://lscr.io/token'],
  ])('of %s at %s', (url, realm) => {
    expect(trusts(realm, url)).toBe(false);
  });

  it.each(['DOCKER_HUB', 'DIGITALOCEAN'] as const)(
    'if %s is declared for a host that does not belong to it',
    (provider) => {
      const realms = ['https://auth.docker.io/token', 'https://api.digitalocean.com/v2/registry/auth'];
      expect(realms.map((realm) => trusts(realm, 'registry.example.com', { provider }))).toEqual([false, false]);
    },
  );

  it.each<[string, string, object]>([
    ['REALM_PLAIN_HTTP', 'http://reg.example.com/service/token', {}],
    ['REALM_PLAIN_HTTP', 'http://reg.example.com:8080/service/token', {}],
    ['REALM_PLAIN_HTTP', 'HTTP://REG.example.com/service/token#a', {}],
    ['REALM_ELSEWHERE', 'http://gitlab.example.com/jwt/auth', { host: 'gitlab.example.com' }],
    ['REALM_ELSEWHERE', 'https://gitlab.example.com/jwt/auth', { host: 'gitlab.example.com' }],
    ['REALM_ELSEWHERE', 'https://GitLab.example.com:8443/jwt/auth#a', { host: 'gitlab.example.com:8443' }],
    ['REALM_ELSEWHERE', 'https://10.0.0.1/token', { host: '10.0.0.1' }],
    ['REALM_ELSEWHERE', 'https://[fd00::1]:5001/token', { host: '[fd00::1]:5001' }],
    ['REALM_ELSEWHERE', 'https://xn--bcher-kva.example/token', { host: 'xn--bcher-kva.example' }],
    ['REALM_UNREADABLE', '/service/token', {}],
    ['REALM_UNREADABLE', 'reg.example.com/service/token', {}],
    ['REALM_UNREADABLE', '//reg.example.com/service/token', {}],
    ['REALM_UNREADABLE', 'https://', {}],
    ['REALM_UNREADABLE', 'Registry Realm', {}],
    ['REALM_UNREADABLE', 'ftp://reg.example.com/token', {}],
    ['REALM_UNREADABLE', 'https://user@reg.example.com/token', {}],
    ['REALM_UNREADABLE', 'https://user:x@reg.example.com/token', {}],
    ['REALM_UNREADABLE', 'https://under_score.example/<b>', {}],
    ['REALM_UNREADABLE', `https://reg.example.com/${'a'.repeat(2048)}`, {}],
  ])('as %s: %s', (kind, realm, rest) => {
    expect(judge(realm, 'reg.example.com')).toEqual({ kind, ...rest });
  });

  it('for any text, unless it is on the host', () => {
    const text = fc.oneof(fc.string(), fc.webUrl());
    fc.assert(fc.property(text, (realm) => !trusts(realm, 'registry.example.com')));
  });
});
