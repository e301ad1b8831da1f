import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RealmTrust, trustedRealm } from '../../../src/adapters/registry/realm-trust.ts';

const trusts = (realm: string, url: string, options: Partial<RealmTrust> = {}) =>
  trustedRealm(realm, { url, provider: 'GENERIC', plainHttp: false, trustedRealms: new Set(), ...options }) !==
  undefined;

describe('a realm is trusted with the credential', () => {
  it.each([
    ['docker.io', 'https://auth.docker.io/token'],
    ['docker.io', 'https://registry-1.docker.io/token'],
    ['registry.gitlab.com', 'https://gitlab.com/jwt/auth'],
    ['registry.digitalocean.com', 'https://api.digitalocean.com/v2/registry/auth'],
    ['registry.example.com', 'https://registry.example.com/token?x=1'],
    ['registry.example.com:5000', 'https://REGISTRY.example.com:5001/token'],
    ['[2001:db8::1]:5000', 'https://[2001:db8::1]/token'],
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

  it('for any text, unless it is on the host', () => {
    const text = fc.oneof(fc.string(), fc.webUrl());
    fc.assert(fc.property(text, (realm) => !trusts(realm, 'registry.example.com')));
  });
});
