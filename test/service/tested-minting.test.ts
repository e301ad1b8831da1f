import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../src/adapters/egress/egress.ts';
import { createRegistryProbe } from '../../src/adapters/registry/registry-probe.ts';
import type { TestCredentialsCommand } from '../../src/application/registry/test-credentials.ts';
import { Secret } from '../../src/domain/secret.ts';
import { type CloudStub, startCloudStub } from '../adapters/minting/cloud-stub.ts';
import { mintConfig, minterFor } from '../adapters/minting/minter-fixture.ts';
import { type Replica, startReplica } from '../crash/replica.ts';
import { canary } from '../support/canary.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { eventsOf } from '../support/event-store.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { withClient } from '../support/server-databases.ts';
import { AUDIT } from './operations.ts';

const TRY = `mutation ($input: TestCredentialsInput!) {
  testCredentials(projectId: "demo", input: $input) { outcome advice login credentialVersion } }`;

const missing = skipReason('docker-registry', 'htpasswd', 'openssl');

/** Everything real except the host of GitHub's API: the service trusts no certificate there that a test can have. */
describe.skipIf(missing)(titled('a test of a credential to mint from, before it is stored', missing), () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const minted = `ghs_${canary('minted')}`;
  let cloud: CloudStub;
  let registry: DockerRegistry;
  let purser: TestPurser;
  let replica: Replica;

  beforeAll(async () => {
    [cloud, registry, purser] = await Promise.all([startCloudStub(), startDockerRegistry(), startPurser()]);
    await registry.setPassword('x-access-token', minted);
    const plainHttpHosts = new Set<string>();
    const egress = createEgress({ allow: parseAllowList(['localhost']), plainHttpHosts });
    const probe = createRegistryProbe({ egress, plainHttpHosts, now: Date.now });
    replica = await startReplica(purser, { minter: minterFor(cloud), probe, limiter: { take: async () => 0 } });
  });
  afterAll(async () => {
    await replica?.close();
    await Promise.all([purser?.stop(), registry?.stop(), cloud?.close()]);
  });

  const tested = (changes: Partial<TestCredentialsCommand> = {}) =>
    replica.application.testCredentials(replica.context(), 'demo', {
      url: registry.host,
      provider: 'GITHUB',
      username: '1234',
      password: new Secret(pem),
      mint: mintConfig({ kind: 'GITHUB_APP', installationId: '4711' }),
      access: undefined,
      caCertificate: registry.caCertificate,
      authRealmHost: undefined,
      repository: 'team/app',
      ...changes,
    });

  it('asks the cloud once, proves the minted password at the registry, and stores neither', async () => {
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    cloud.answer(() => ({ status: 201, body: { token: minted, expires_at } }));
    const { health } = await tested();
    expect(health).toMatchObject({ outcome: 'OK', login: 'PROVED', push: 'PROVED', credentialVersion: null });
    expect(cloud.requests).toMatchObject([
      { path: '/app/installations/4711/access_tokens', body: '{"permissions":{"packages":"write"}}' },
    ]);
    const { rows } = await withClient(purser.connectionString, (client) =>
      client.query(`select (select count(*)::int from vault.minted_passwords) as minted,
        (select count(*)::int from vault.secrets) as sealed`),
    );
    expect(rows).toEqual([{ minted: 0, sealed: 0 }]);
    const events = await eventsOf(purser.environment);
    expect(events.length).toBeGreaterThan(0);
    expect(events.filter(({ json, metadata }) => (json + JSON.stringify(metadata)).includes(minted))).toEqual([]);
    const { nodes } = (await purser.graphql(AUDIT)).data.auditLog;
    expect(nodes).toMatchObject([{ action: 'TEST_CREDENTIALS', outcome: 'SUCCEEDED', url: registry.host }]);
    await tested({ access: 'PULL' });
    expect(cloud.requests[1]?.body).toBe('{"permissions":{"packages":"read"}}');
  });

  it('finds what the cloud says, before the registry is asked', async () => {
    cloud.answer(() => ({ status: 401, body: {} }));
    const { health } = await tested();
    const found = { outcome: 'AUTHENTICATION_FAILED', detail: 'NOT_MINTED', login: 'UNKNOWN', repository: 'team/app' };
    expect(health).toMatchObject(found);
  });

  describe('over the API', () => {
    const input = (changes: Record<string, unknown> = {}) => ({
      url: registry.host,
      provider: 'GITHUB',
      username: '1234',
      password: pem,
      mint: { kind: 'GITHUB_APP', installationId: '4711', apiUrl: `https://${cloud.authority}` },
      ...changes,
    });
    const ask = (changes?: Record<string, unknown>) => purser.graphql(TRY, { input: input(changes) });

    it.each(['username', 'password'])('needs the `%s` of the cloud', async (field) => {
      const [refused] = (await ask({ [field]: undefined })).errors ?? [];
      expect(refused).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', field } });
      expect(refused?.message).toContain('an app id and its private key');
    });

    it('reaches no cloud at an address that the operator has not opened, and counts as a test', async () => {
      const before = cloud.connections();
      const outcomes: unknown[] = [];
      for (let turn = 1; turn <= 8; turn += 1) {
        const { data, errors } = await ask();
        outcomes.push(data?.testCredentials?.outcome ?? errors?.[0]?.extensions.code);
      }
      expect(outcomes).toEqual([...Array.from({ length: 7 }, () => 'TARGET_NOT_ALLOWED'), 'RATE_LIMITED']);
      expect(cloud.connections()).toBe(before);
    });
  });
});
