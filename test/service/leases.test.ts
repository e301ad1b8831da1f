import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeEvent } from '../../src/domain/event-codec.ts';
import { canary } from '../support/canary.ts';
import { eventsOf } from '../support/event-store.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { CREATE, DELETE, GET, ISSUE, LEASES, RELEASE, ROTATE } from './operations.ts';

const password = canary('leases');
let purser: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
});
afterAll(() => purser.stop());

async function create(input: Record<string, unknown>): Promise<string> {
  const { data, errors } = await purser.graphql(CREATE, { input: { username: 'ada', password, ...input } });
  expect(errors).toBeUndefined();
  return data.createRegistry.registry.id;
}

const leasesOf = async (filter: Record<string, unknown>) =>
  (await purser.graphql(LEASES, { filter })).data.leases.nodes;

const issue = (input: Record<string, unknown>) =>
  purser.graphql(ISSUE, { input: { pipeline: 'web/deploy', ...input } });

describe('issuing a credential', () => {
  it('hands out the password under a lease that can be read at once', async () => {
    const id = await create({ url: 'docker.io', expiresAt: '2040-01-01T00:00:00Z' });
    const { data } = await issue({ image: 'alpine:3', runId: '7', purpose: 'PUSH', ttlSeconds: 60 });
    const { lease, dockerConfigJson, ...issued } = data.issueCredential;
    expect(issued).toEqual({
      serverAddress: 'https://index.docker.io/v1/',
      username: 'ada',
      password,
      expiresAt: '2040-01-01T00:00:00.000Z',
      expirySource: 'DECLARED',
      caCertificate: null,
    });
    const auth = Buffer.from(`ada:${password}`).toString('base64');
    expect(JSON.parse(dockerConfigJson)).toEqual({ auths: { 'https://index.docker.io/v1/': { auth } } });
    expect(lease).toMatchObject({
      registryId: id,
      url: 'docker.io',
      image: 'alpine:3',
      credentialVersion: 1,
      runId: '7',
      purpose: 'PUSH',
      issuedTo: 'alice',
    });
    expect(Date.parse(lease.expiresAt) - Date.parse(lease.issuedAt)).toBe(60_000);

    expect(await leasesOf({ registryId: id })).toEqual([lease]);
    expect((await purser.graphql(GET, { id })).data.registry.usage).toEqual({
      lastUsedAt: lease.issuedAt,
      lastUsedBy: 'alice',
      activeLeases: 1,
      pipelines: [{ pipeline: 'web/deploy', lastUsedAt: lease.issuedAt, leases: 1, linked: false }],
    });
  });

  it('writes its event before the password leaves, and writes none for a refusal', async () => {
    await create({ url: 'pull.example', access: 'PULL' });
    await create({ url: 'expired.example', expiresAt: '2020-01-01T00:00:00Z' });
    const refusals = [
      [{ image: 'pull.example/app', purpose: 'PUSH' }, 'FORBIDDEN'],
      [{ image: 'expired.example/app' }, 'CREDENTIAL_UNAVAILABLE'],
      [{ image: 'unknown.example/app' }, 'NOT_FOUND'],
      [{ image: 'pull.example.evil.example/app' }, 'NOT_FOUND'],
      [{ image: 'pull.example/app', ttlSeconds: 59 }, 'BAD_USER_INPUT'],
      [{ image: 'pull.example/app', pipeline: '' }, 'BAD_USER_INPUT'],
      [{ image: 'PULL.example/APP' }, 'BAD_USER_INPUT'],
    ] as const;
    for (const [input, code] of refusals) {
      const { errors } = await issue(input);
      expect(errors, JSON.stringify(input)).toMatchObject([{ extensions: { code } }]);
      expect(JSON.stringify(errors)).not.toContain(password);
    }
    const events = (await eventsOf(purser.environment)).map(decodeEvent);
    const issued = events.filter(({ type, data }) => type === 'CredentialIssued' && data.url.includes('.example'));
    expect(issued).toEqual([]);
  });

  it('answers CREDENTIAL_UNAVAILABLE if the secret is missing, and makes no lease', async () => {
    const id = await create({ url: 'lost.example' });
    await withClient(purser.connectionString, (client) =>
      client.query(`update vault.secrets set state = 'destroyed' where registry_id = $1`, [id]),
    );
    expect((await issue({ image: 'lost.example/app' })).errors).toMatchObject([
      { extensions: { code: 'CREDENTIAL_UNAVAILABLE' } },
    ]);
    expect(await leasesOf({ registryId: id })).toEqual([]);
  });
});

describe('a credential that is replaced while it is issued', () => {
  it('is never handed out under a lease that came after its rotation or deletion', async () => {
    const rounds = Array.from({ length: 10 }, async (_, round) => {
      const id = await create({ url: `${round}.racing.example` });
      await Promise.all([
        ...Array.from({ length: 5 }, () => issue({ image: `${round}.racing.example/app` })),
        purser.graphql(ROTATE, { id, input: { password: canary('racing') } }),
        ...Array.from({ length: 5 }, () => issue({ image: `${round}.racing.example/app` })),
        purser.graphql(DELETE, { id, input: { force: true } }),
        ...Array.from({ length: 5 }, () => issue({ image: `${round}.racing.example/app` })),
      ]);
    });
    await Promise.all(rounds);
    const events = (await eventsOf(purser.environment)).map(decodeEvent);
    const withdrawn = new Set(events.map((event) => (event.type === 'LeaseReleased' ? event.data.leaseId : undefined)));
    /** By registry: the versions before are gone. */
    const oldest = new Map<string, number>();
    const late = [];
    for (const { type, data } of events) {
      if (type === 'RegistryDeleted') oldest.set(data.registryId, Number.POSITIVE_INFINITY);
      if (type === 'CredentialRotated') oldest.set(data.registryId, data.credential.version);
      if (type !== 'CredentialIssued' || withdrawn.has(data.leaseId)) continue;
      if (data.credentialVersion < (oldest.get(data.registryId) ?? 0)) late.push(data);
    }
    expect(late).toEqual([]);
  });
});

describe('a lease', () => {
  it('ends when it is released, once', async () => {
    const id = await create({ url: 'release.example' });
    const { lease } = (await issue({ image: 'release.example/app' })).data.issueCredential;
    const released = (await purser.graphql(RELEASE, { leaseId: lease.id })).data.releaseLease;
    expect(released.releasedAt).not.toBeNull();
    expect((await purser.graphql(RELEASE, { leaseId: lease.id })).data.releaseLease).toEqual(released);
    expect(await leasesOf({ registryId: id })).toEqual([]);
    expect(await leasesOf({ registryId: id, activeOnly: false })).toEqual([released]);
  });

  it('of another project is not found', async () => {
    await create({ url: 'own.example' });
    const { lease } = (await issue({ image: 'own.example/app' })).data.issueCredential;
    const token = purser.token({ projects: { other: ['iam:project:cicd:registry:use'] } });
    const { errors } = await purser.graphql(RELEASE, { projectId: 'other', leaseId: lease.id }, token);
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });

  it('keeps its registry from being deleted, and from being rotated if the caller wants that, until it ends', async () => {
    const id = await create({ url: 'used.example' });
    const { lease } = (await issue({ image: 'used.example/app' })).data.issueCredential;
    const inUse = [{ extensions: { code: 'REGISTRY_IN_USE', activeLeases: 1 } }];
    expect((await purser.graphql(DELETE, { id })).errors).toMatchObject(inUse);
    const refuse = { password: canary('refuse'), whenInUse: 'REFUSE' };
    expect((await purser.graphql(ROTATE, { id, input: refuse })).errors).toMatchObject(inUse);
    expect((await purser.graphql(ROTATE, { id, input: { ...refuse, whenInUse: 'PROCEED' } })).errors).toBeUndefined();
    await purser.graphql(RELEASE, { leaseId: lease.id });
    expect((await purser.graphql(DELETE, { id })).data.deleteRegistry.deletedId).toBe(id);
  });

  it('does not keep its registry from a forced deletion', async () => {
    const id = await create({ url: 'forced.example' });
    await issue({ image: 'forced.example/app' });
    expect((await purser.graphql(DELETE, { id, input: { force: true } })).data.deleteRegistry.deletedId).toBe(id);
    expect((await issue({ image: 'forced.example/app' })).errors).toMatchObject([
      { extensions: { code: 'NOT_FOUND' } },
    ]);
  });
});

describe('what clients do with an issued credential', () => {
  it.each([
    ['clients.example.com', 'clients.example.com:443/team/app:1', 'clients.example.com:443'],
    ['clients2.example.com', 'Clients2.Example.com/team/app:1', 'Clients2.Example.com'],
    ['clients3.example.com', 'oci://clients3.example.com/charts/web:1.0', 'clients3.example.com'],
  ])('gives the key under which clients look for an image of %s written %s', async (url, image, key) => {
    await create({ url });
    const { data } = await issue({ image });
    expect(data.issueCredential.serverAddress).toBe(key);
    expect(Object.keys(JSON.parse(data.issueCredential.dockerConfigJson).auths)).toEqual([key]);
  });

  it('gives an identity token in the form that each client reads', async () => {
    await create({ url: 'identity.example.com', username: '<token>' });
    const { data } = await issue({ image: 'identity.example.com/app' });
    expect(data.issueCredential).toMatchObject({ username: '<token>', password });
    expect(JSON.parse(data.issueCredential.dockerConfigJson)).toEqual({
      auths: { 'identity.example.com': { auth: 'PHRva2VuPjo=', identitytoken: password } },
    });
  });

  it('comes in one file for several images', async () => {
    for (const url of ['base.example.com', 'target.example.com']) await create({ url });
    const several = `mutation ($input: [IssueCredentialInput!]!) {
      issueCredentials(projectId: "demo", input: $input) { credentials { serverAddress lease { id } } dockerConfigJson } }`;
    const input = ['base.example.com/a:1', 'target.example.com:443/b:1'].map((image) => ({ image, pipeline: 'build' }));
    const { credentials, dockerConfigJson } = (await purser.graphql(several, { input })).data.issueCredentials;
    const keys = ['base.example.com', 'target.example.com:443'];
    expect(credentials.map(({ serverAddress }: { serverAddress: string }) => serverAddress)).toEqual(keys);
    expect(Object.keys(JSON.parse(dockerConfigJson).auths)).toEqual(keys);
    const refused = await purser.graphql(several, {
      input: [...input, { image: 'nowhere.example.com/x', pipeline: 'b' }],
    });
    expect(refused.errors).toMatchObject([
      { message: expect.stringMatching(/^input\[2\]: /), extensions: { code: 'NOT_FOUND' } },
    ]);
  });

  it("gives the registry's own certificate authority, which clients must trust too", async () => {
    const [caCertificate = ''] = rootCertificates;
    await create({ url: 'private.example.com', caCertificate });
    const { data } = await issue({ image: 'private.example.com/app' });
    const fingerprintOf = (pem: string) => new X509Certificate(pem).fingerprint256;
    expect(fingerprintOf(data.issueCredential.caCertificate)).toBe(fingerprintOf(caCertificate));
  });
});
