import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MintingFailed, type MintRequest } from '../../src/application/ports/password-minter.ts';
import type { ProbeRequest } from '../../src/application/ports/registry-probe.ts';
import { decodeEvent } from '../../src/domain/event-codec.ts';
import type { RegistryAccess } from '../../src/domain/registry-details.ts';
import { Secret } from '../../src/domain/secret.ts';
import { type Replica, startReplica } from '../crash/replica.ts';
import { canary } from '../support/canary.ts';
import { eventsOf } from '../support/event-store.ts';
import { LOGGED_IN } from '../support/probe-reports.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { CREATE, GET, ROTATE } from './operations.ts';

const HOST = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const HOUR_MS = 3_600_000;

/** The use cases with everything real except the cloud, whose adapters have separate tests. */
describe('a registry whose passwords are minted', () => {
  const source = canary('cloud');
  const asked: MintRequest[] = [];
  const probed: ProbeRequest[] = [];
  let turns = 0;
  let cloud: () => Promise<number> = async () => 12 * HOUR_MS;
  let purser: TestPurser;
  let replica: Replica;
  let id: string;

  beforeAll(async () => {
    purser = await startPurser();
    replica = await startReplica(purser, {
      minter: {
        async mint(request) {
          asked.push(request);
          const lifeMs = await cloud();
          const issuedAt = new Date().toISOString();
          const expiresAt = new Date(Date.now() + lifeMs).toISOString();
          return { username: 'AWS', password: new Secret(canary(`minted-${asked.length}`)), issuedAt, expiresAt };
        },
      },
      probe: {
        async probe(request) {
          probed.push(request);
          return LOGGED_IN;
        },
      },
      limiter: { take: async () => (turns-- > 0 ? 0 : 30) },
    });
    const input = {
      url: HOST,
      username: 'AKIAIOSFODNN7EXAMPLE',
      password: source,
      mint: { kind: 'AMAZON_ECR', roleArn: 'arn:aws:iam::123456789012:role/push' },
    };
    const { data, errors } = await purser.graphql(CREATE, { input });
    expect(errors).toBeUndefined();
    id = data.createRegistry.registry.id;
  });
  afterAll(async () => {
    await replica?.close();
    await purser?.stop();
  });
  beforeEach(() => {
    asked.length = 0;
    probed.length = 0;
    turns = 10;
    cloud = async () => 12 * HOUR_MS;
  });

  const issue = (idempotencyKey?: string) =>
    replica.application.issueCredential(replica.context(), 'demo', {
      image: `${HOST}/team/app:1`,
      purpose: 'PUSH',
      pipeline: 'build',
      runId: undefined,
      ttlSeconds: 3600,
      form: 'PASSWORD',
      idempotencyKey,
    });
  const rotate = () => purser.graphql(ROTATE, { id, input: { password: canary('cloud') } });
  /** Removes the kept passwords, so that the next request goes to the cloud. */
  const forget = () =>
    withClient(purser.connectionString, (client) => client.query('delete from vault.minted_passwords'));
  const version = async (): Promise<number> => (await purser.graphql(GET, { id })).data.registry.credential.version;

  it('shows this, and issues the minted password with its own expiry, never the secret behind it', async () => {
    expect((await purser.graphql(GET, { id })).data.registry.credential).toMatchObject({
      kind: 'MINTED',
      expiresAt: null,
    });
    const issued = await issue();
    expect(asked).toMatchObject([
      { url: HOST, mint: { kind: 'AMAZON_ECR', roleArn: 'arn:aws:iam::123456789012:role/push' } },
    ]);
    expect(asked[0]?.source.password.reveal()).toBe(source);
    expect(issued.username).toBe('AWS');
    expect(issued.password.reveal()).not.toBe(source);
    expect(issued.expirySource).toBe('MINTED');
    expect(Date.parse(issued.expiresAt ?? '') - Date.now()).toBeGreaterThan(11 * HOUR_MS);
  });

  it('shows how it mints, in queries and in the answers of mutations', async () => {
    const mint = '{ mint { kind roleArn tenantId installationId } }';
    const shown = {
      kind: 'AMAZON_ECR',
      roleArn: 'arn:aws:iam::123456789012:role/push',
      tenantId: null,
      installationId: null,
    };
    const read = await purser.graphql(`query ($id: ID!) { registry(projectId: "demo", id: $id) ${mint} }`, { id });
    expect(read.data.registry.mint).toEqual(shown);
    const update = `mutation ($id: ID!) { updateRegistry(projectId: "demo", id: $id, input: { email: "ops@example.com" }) { registry ${mint} } }`;
    expect((await purser.graphql(update, { id })).data.updateRegistry.registry.mint).toEqual(shown);
  });

  it('gives the same password again, and mints once for all who ask at once after a rotation', async () => {
    const first = await issue();
    expect(asked).toEqual([]);
    await rotate();
    expect((await purser.graphql(GET, { id })).data.registry.credential).toMatchObject({ kind: 'MINTED', version: 2 });
    const all = await Promise.all(Array.from({ length: 50 }, () => issue()));
    expect(asked).toHaveLength(1);
    expect(new Set(all.map(({ password }) => password.reveal())).size).toBe(1);
    expect(all[0]?.password.reveal()).not.toBe(first.password.reveal());
  });

  it('keeps no password that was minted from a replaced credential', async () => {
    await rotate();
    const { rows } = await withClient(purser.connectionString, (client) =>
      client.query('select count(*)::int as kept from vault.minted_passwords'),
    );
    expect(rows).toEqual([{ kept: 0 }]);
  });

  it('issues a password from the new credential if the old one is replaced while the cloud mints', async () => {
    await forget();
    cloud = async () => {
      if (asked.length === 1) await rotate();
      return 12 * HOUR_MS;
    };
    const issued = await issue();
    expect(asked).toHaveLength(2);
    expect(asked[1]?.source.password.reveal()).not.toBe(asked[0]?.source.password.reveal());
    expect(issued.lease.credentialVersion).toBe(await version());
  });

  it('issues nothing again under the lease of a credential that is replaced while the cloud mints', async () => {
    const key = randomUUID();
    await issue(key);
    await forget();
    cloud = async () => {
      await rotate();
      return 12 * HOUR_MS;
    };
    await expect(issue(key)).rejects.toMatchObject({
      code: 'CREDENTIAL_UNAVAILABLE',
      message: expect.stringContaining('replaced since'),
    });
  });

  it('answers CREDENTIAL_UNAVAILABLE with the kind of refusal, and makes no lease', async () => {
    const current = await version();
    cloud = async () => Promise.reject(new MintingFailed('CREDENTIAL_REFUSED'));
    await expect(issue()).rejects.toMatchObject({
      code: 'CREDENTIAL_UNAVAILABLE',
      message: expect.stringContaining('Rotate'),
    });
    const events = (await eventsOf(purser.environment)).map(decodeEvent);
    expect(
      events.filter(({ type, data }) => type === 'CredentialIssued' && data.credentialVersion === current),
    ).toEqual([]);
  });

  describe('that is verified', () => {
    const verified = (url: string, access: RegistryAccess = 'PULL_AND_PUSH', idempotencyKey?: string) =>
      replica.application.createRegistry(replica.context(), 'demo', {
        url,
        username: 'AKIAIOSFODNN7EXAMPLE',
        password: new Secret(source),
        mint: {
          kind: 'AMAZON_ECR',
          roleArn: null,
          externalId: null,
          tenantId: null,
          installationId: null,
          apiUrl: null,
        },
        access,
        verify: true,
        name: undefined,
        description: undefined,
        email: undefined,
        provider: undefined,
        caCertificate: undefined,
        authRealmHost: undefined,
        expiresAt: undefined,
        rotateEveryDays: undefined,
        idempotencyKey,
      });

    it.each<[RegistryAccess, string, string]>([
      ['PULL', 'PULL', HOST.replace('1', '3')],
      ['PULL_AND_PUSH', 'PUSH', HOST.replace('1', '4')],
    ])('is tested, where it is for %s, with what is minted for %s, which alone the registry sees', async (...of) => {
      const [access, purpose, url] = of;
      const { health } = await verified(url, access);
      expect(health).toMatchObject({ outcome: 'OK', login: 'PROVED' });
      expect(asked.map((request) => request.purpose)).toEqual([purpose]);
      expect(probed).toMatchObject([{ url, username: 'AWS', repository: null }]);
      expect(probed[0]?.password.reveal()).not.toBe(source);
    });

    it('is answered with its health when the request is repeated, and not tested again', async () => {
      const once = () => verified(HOST.replace('1', '7'), 'PULL', 'verified once');
      const first = await once();
      expect(first.health).toMatchObject({ outcome: 'OK' });
      expect(await once()).toEqual(first);
      expect(probed).toHaveLength(1);
    });

    it('is not stored if the cloud refuses to mint', async () => {
      cloud = async () => Promise.reject(new MintingFailed('CREDENTIAL_REFUSED'));
      const url = HOST.replace('1', '5');
      await expect(verified(url)).rejects.toMatchObject({
        code: 'VERIFICATION_FAILED',
        details: { outcome: 'AUTHENTICATION_FAILED' },
      });
      expect(probed).toEqual([]);
      expect(await replica.application.registryByUrl('demo', url)).toBeUndefined();
    });

    it('asks the cloud no more often than the project has tests, whatever comes of them', async () => {
      cloud = async () => Promise.reject(new MintingFailed('CREDENTIAL_REFUSED'));
      turns = 2;
      for (const code of ['VERIFICATION_FAILED', 'VERIFICATION_FAILED', 'RATE_LIMITED']) {
        await expect(verified(HOST.replace('1', '6'))).rejects.toMatchObject({ code });
      }
      expect(asked).toHaveLength(2);
    });
  });

  it('asks the cloud for no test that the project has no turn for', async () => {
    await purser.graphql(ROTATE, { id, input: { password: canary('cloud') } });
    turns = 0;
    const test = () => replica.application.testRegistry(replica.context(), 'demo', id, null);
    await expect(test()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(asked).toEqual([]);
    turns = 1;
    expect(await test()).toMatchObject({ health: { outcome: 'OK' } });
    expect(asked).toHaveLength(1);
  });

  it('shows and records the answer of the cloud to a manual test, like the answer of a registry', async () => {
    await purser.graphql(ROTATE, { id, input: { password: canary('cloud') } });
    cloud = async () => Promise.reject(new MintingFailed('CREDENTIAL_REFUSED'));
    const { health } = await replica.application.testRegistry(replica.context(), 'demo', id, 'team/app');
    const found = { outcome: 'AUTHENTICATION_FAILED', login: 'UNKNOWN', push: 'UNKNOWN', repository: 'team/app' };
    expect(health).toMatchObject(found);
    expect(probed).toEqual([]);
    const stored = (await purser.graphql(GET, { id })).data.registry;
    expect(stored).toMatchObject({ health: { outcome: found.outcome }, credential: { status: 'FAILING' } });
    await purser.graphql(ROTATE, { id, input: { password: canary('cloud') } });
    expect((await purser.graphql(GET, { id })).data.registry.credential.status).toBe('ACTIVE');
  });

  it.each([
    ['a registry that it is not for', { url: 'ghcr.io', mint: { kind: 'AMAZON_ECR' } }],
    ['a role that is none', { url: HOST.replace('1', '2'), mint: { kind: 'AMAZON_ECR', roleArn: 'admin' } }],
    ['no tenant', { url: 'x.azurecr.io', username: '0b4e2c0e-6f6e-4d8a-9a39-6a9c6f8f0a11', mint: { kind: 'AZURE' } }],
  ])('is refused with %s', async (_what, wrong) => {
    const input = { username: 'AKIAIOSFODNN7EXAMPLE', password: canary('cloud'), ...wrong };
    expect((await purser.graphql(CREATE, { input })).errors).toMatchObject([
      { extensions: { code: 'BAD_USER_INPUT', field: 'mint' } },
    ]);
  });
});
