import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../../src/adapters/egress/egress.ts';
import { canary } from '../../support/canary.ts';
import { createCertificates } from '../../support/certificates.ts';
import { type DockerRegistry, type DockerRegistryOptions, startDockerRegistry } from '../../support/docker-registry.ts';
import { skipReason, titled } from '../../support/required-tools.ts';
import { startTokenServer } from '../../support/token-server.ts';
import { type Asked, probe } from './probe-fixture.ts';

const missing = skipReason('docker-registry', 'htpasswd', 'openssl');

describe.skipIf(missing)(titled('the probe of the reference registry', missing), () => {
  const cleanUps: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function start(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
    const registry = await startDockerRegistry(options);
    cleanUps.push(registry.stop);
    return registry;
  }

  function test(registry: DockerRegistry, asked: Omit<Asked, 'url' | 'provider'>, plainHttpHosts = new Set<string>()) {
    const egress = createEgress({ allow: parseAllowList(['localhost']), plainHttpHosts });
    const caCertificate = registry.caCertificate ?? null;
    return probe({ egress, caCertificate }, { url: registry.host, provider: 'GENERIC', ...asked }, { plainHttpHosts });
  }

  it('with passwords over TLS, given its own authority', async () => {
    const registry = await start();
    const password = canary('htpasswd');
    await registry.setPassword('robot', password);

    expect(await test(registry, { username: 'robot', password })).toMatchObject({
      outcome: 'OK',
      login: 'PROVED',
      pull: 'UNKNOWN',
      push: 'UNKNOWN',
      method: 'BASIC',
    });
    expect(await test(registry, { username: 'robot', password, repository: 'team/app' })).toMatchObject({
      outcome: 'OK',
      login: 'PROVED',
      pull: 'PROVED',
      push: 'PROVED',
      method: 'UPLOAD_PROBE',
    });
    expect(
      await test(registry, { username: 'robot', password: canary('wrong'), repository: 'team/app' }),
    ).toMatchObject({
      outcome: 'AUTHENTICATION_FAILED',
      login: 'DENIED',
      pull: 'UNKNOWN',
      push: 'UNKNOWN',
    });
    expect(await test({ ...registry, caCertificate: undefined }, { username: 'robot', password })).toMatchObject({
      outcome: 'TLS_INVALID',
      detail: 'UNKNOWN_AUTHORITY',
      login: 'UNKNOWN',
    });
  });

  it('over plain http only if the operator allows it', async () => {
    const registry = await start({ tls: false });
    const password = canary('plain');
    await registry.setPassword('robot', password);
    const asked = { username: 'robot', password, repository: 'team/app' };
    const allowed = await test(registry, asked, new Set([registry.host]));
    expect(allowed).toMatchObject({ outcome: 'OK', login: 'PROVED', pull: 'PROVED', push: 'PROVED' });
    expect(await test(registry, asked)).toMatchObject({ outcome: 'TLS_INVALID', detail: 'NOT_TLS', login: 'UNKNOWN' });
  });

  it('in maintenance, when only pulling is allowed', async () => {
    const registry = await start({ readOnly: true });
    const password = canary('read-only');
    await registry.setPassword('robot', password);
    expect(await test(registry, { username: 'robot', password, repository: 'team/app' })).toMatchObject({
      outcome: 'INSUFFICIENT_PERMISSION',
      detail: 'READ_ONLY',
      login: 'PROVED',
      pull: 'PROVED',
      push: 'DENIED',
      method: 'UPLOAD_PROBE',
    });
  });

  it('with tokens of a server beside it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'purser-tokens-'));
    cleanUps.push(() => rm(folder, { recursive: true, force: true }));
    const certificates = await createCertificates(folder);
    const password = canary('tokens');
    const rights = { 'team/app': ['pull', 'push'], 'team/base': ['pull'] } as const;
    const tokens = await startTokenServer({
      folder,
      certificates,
      accounts: [{ username: 'robot', password, rights }],
    });
    cleanUps.push(tokens.stop);
    const registry = await start({ tls: certificates, login: tokens.login });
    const asked = { username: 'robot', password };

    expect(await test(registry, asked)).toMatchObject({ outcome: 'OK', login: 'PROVED', method: 'TOKEN_SCOPE' });
    expect(tokens.requests.map(({ query }) => query.getAll('scope'))).toEqual([[]]);
    expect(await test(registry, { ...asked, repository: 'team/app' })).toMatchObject({
      outcome: 'OK',
      pull: 'PROVED',
      push: 'PROVED',
      method: 'TOKEN_SCOPE',
    });
    expect(await test(registry, { ...asked, repository: 'team/base' })).toMatchObject({
      outcome: 'INSUFFICIENT_PERMISSION',
      pull: 'PROVED',
      push: 'DENIED',
    });
    expect(await test(registry, { ...asked, repository: 'other/app' })).toMatchObject({
      pull: 'DENIED',
      push: 'DENIED',
    });
    expect(await test(registry, { ...asked, password: canary('wrong') })).toMatchObject({
      outcome: 'AUTHENTICATION_FAILED',
      login: 'DENIED',
    });
  });

  it('without any login', async () => {
    const registry = await start({ login: false });
    const asked = { username: 'robot', password: canary('open'), repository: 'team/app' };
    expect(await test(registry, asked)).toMatchObject({
      outcome: 'OK',
      detail: 'NO_LOGIN_ASKED',
      login: 'UNKNOWN',
      pull: 'PROVED',
      push: 'PROVED',
    });
  });
});
