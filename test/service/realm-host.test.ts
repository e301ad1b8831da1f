import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canary } from '../support/canary.ts';
import { createCertificates, type TestCertificates } from '../support/certificates.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { startTokenServer, type TokenServer } from '../support/token-server.ts';
import { AUDIT, CREATE, UPDATE } from './operations.ts';

const HEALTH = 'outcome advice login';
const TEST = `mutation ($id: ID!) { testRegistry(projectId: "demo", id: $id) { ${HEALTH} } }`;
const TRY = `mutation ($input: TestCredentialsInput!) { testCredentials(projectId: "demo", input: $input) { ${HEALTH} } }`;
const REALM_HOST = 'query ($id: ID!) { registry(projectId: "demo", id: $id) { authRealmHost health { advice } } }';

const missing = skipReason('docker-registry', 'openssl');

describe.skipIf(missing)(titled('a token server on another host', missing), () => {
  const password = canary('realm');
  let folder: string;
  let certificates: TestCertificates;
  let tokens: TokenServer;
  let purser: TestPurser;
  let registry: DockerRegistry;
  let plain: DockerRegistry;
  let realmHost: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-realm-'));
    certificates = await createCertificates(folder);
    tokens = await startTokenServer({ folder, certificates, accounts: [{ username: 'robot', password, rights: {} }] });
    // The registry is `localhost`, so this is a host that nobody knows to belong to it.
    const realm = tokens.login.realm.replace('localhost', '127.0.0.1');
    realmHost = new URL(realm).host;
    const own = tokens.login.realm.replace('https', 'http');
    [purser, registry, plain] = await Promise.all([
      startPurser({ environment: { EGRESS_ALLOW: 'localhost,127.0.0.1' } }),
      startDockerRegistry({ tls: certificates, login: { ...tokens.login, realm } }),
      startDockerRegistry({ tls: certificates, login: { ...tokens.login, realm: own } }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([purser?.stop(), registry?.stop(), plain?.stop(), tokens?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  const entry = (of: DockerRegistry) => ({
    url: of.host,
    username: 'robot',
    password,
    caCertificate: certificates.caCertificate,
  });

  it('gets nothing until a writer confirms the host that the advice names', async () => {
    const refused = (await purser.graphql(TRY, { input: entry(registry) })).data.testCredentials;
    expect(refused).toMatchObject({ outcome: 'REALM_NOT_TRUSTED', login: 'UNKNOWN' });
    expect(refused.advice).toContain(`token server on ${realmHost},`);
    expect(refused.advice).toContain('authRealmHost');
    const unproved = await purser.graphql(CREATE, { input: { ...entry(registry), verify: true } });
    expect(unproved.errors?.[0]).toMatchObject({ extensions: { code: 'VERIFICATION_FAILED' } });
    expect(unproved.errors?.[0]?.message).toContain(realmHost);
    expect(tokens.requests).toEqual([]);

    const input = { ...entry(registry), authRealmHost: `https://${realmHost}/` };
    expect((await purser.graphql(TRY, { input })).data.testCredentials).toMatchObject({
      outcome: 'OK',
      login: 'PROVED',
    });
    const created = await purser.graphql(CREATE, { input: { ...input, verify: true } });
    const { id } = created.data.createRegistry.registry;
    expect((await purser.graphql(REALM_HOST, { id })).data.registry.authRealmHost).toBe(realmHost);
    expect((await purser.graphql(TEST, { id })).data.testRegistry).toMatchObject({ outcome: 'OK', login: 'PROVED' });
  });

  it('gets nothing any more when the host is cleared, and the audit log shows both', async () => {
    const input = { ...entry(registry), authRealmHost: realmHost };
    const again = await purser.graphql(CREATE, { input });
    expect(again.errors).toMatchObject([{ extensions: { code: 'REGISTRY_ALREADY_EXISTS' } }]);
    const found = await purser.graphql('query ($url: String!) { registryByUrl(projectId: "demo", url: $url) { id } }', {
      url: registry.host,
    });
    const { id } = found.data.registryByUrl;
    await purser.graphql(UPDATE, { id, input: { authRealmHost: null } });
    const asked = tokens.requests.length;
    // The caller of the test before has had its share of the project's tests.
    const bob = purser.token({ subject: 'bob' });
    const refused = await purser.graphql(TEST, { id }, bob);
    expect(refused.data.testRegistry).toMatchObject({ outcome: 'REALM_NOT_TRUSTED' });
    expect(tokens.requests).toHaveLength(asked);
    const shown = (await purser.graphql(REALM_HOST, { id })).data.registry;
    expect(shown).toMatchObject({ authRealmHost: null, health: { advice: expect.stringContaining(realmHost) } });

    await purser.graphql(UPDATE, { id, input: { authRealmHost: realmHost, verify: true } }, bob);
    expect((await purser.graphql(TEST, { id }, bob)).data.testRegistry).toMatchObject({ outcome: 'OK' });
    const { nodes } = (await purser.graphql(AUDIT, { filter: { registryId: id, action: 'UPDATE_REGISTRY' } })).data
      .auditLog;
    expect(nodes.map(({ changes }: { changes: unknown }) => changes)).toEqual([
      [{ field: 'authRealmHost', from: null, to: realmHost }],
      [{ field: 'authRealmHost', from: realmHost, to: null }],
    ]);
  });

  it('on plain http gets nothing, and the advice says what to set', async () => {
    const asked = tokens.requests.length;
    const { host: authRealmHost } = new URL(tokens.login.realm);
    const carol = purser.token({ subject: 'carol' });
    for (const input of [entry(plain), { ...entry(plain), authRealmHost }]) {
      const { outcome, advice } = (await purser.graphql(TRY, { input }, carol)).data.testCredentials;
      expect(outcome).toBe('REALM_NOT_TRUSTED');
      expect(advice).toMatch(/plain http.*external_url.*X-Forwarded-Proto/);
    }
    expect(tokens.requests).toHaveLength(asked);
  });

  it.each(['http://gitlab.example.com', 'https://gitlab.example.com/jwt/auth', 'a@b'])(
    'cannot be confirmed as %s',
    async (authRealmHost) => {
      const { errors } = await purser.graphql(CREATE, { input: { ...entry(plain), authRealmHost } });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field: 'authRealmHost' } }]);
    },
  );
});
