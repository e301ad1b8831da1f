import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CREDENTIAL_HELPER, runClient } from '../support/built-client.ts';
import { canary } from '../support/canary.ts';
import { type DockerRegistry, startDockerRegistry } from '../support/docker-registry.ts';
import { writeOciImage } from '../support/oci-image.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { skipReason, titled } from '../support/required-tools.ts';
import { withClient } from '../support/server-databases.ts';
import { createSkopeo, type Skopeo } from '../support/skopeo.ts';
import { openStream, type StreamClient } from '../support/stream-client.ts';
import { type Subscriber, subscribe } from '../support/subscriber.ts';
import { copyTable, tablesOf } from '../support/table-copy.ts';
import { type Receiver, startReceiver, verified, webhookEnvironment } from '../support/webhook-receiver.ts';

const USE = 'iam:project:cicd:registry:use';
const REGISTRY = `registry { username credential { version
  staged { version health { outcome login } } retiring { version destroyedAt activeLeases } } }`;
const CREATE = `mutation ($input: CreateRegistryInput!) { createRegistry(projectId: "demo", input: $input) { registry { id } } }`;
const STAGE = `mutation ($id: ID!, $input: StageCredentialInput!) {
  stageCredential(projectId: "demo", id: $id, input: $input) { ${REGISTRY} } }`;
const ACTIVATE = `mutation ($id: ID!, $input: ActivateCredentialInput!) {
  activateCredential(projectId: "demo", id: $id, input: $input) { ${REGISTRY} } }`;
const PROVE = `mutation ($id: ID!, $version: Int!) { testStagedCredential(projectId: "demo", id: $id, version: $version) {
  provesEnough reason staged { ...Found } active { ...Found } } }
  fragment Found on RegistryHealth { credentialVersion outcome login pull push repository }`;
const GET = `query ($id: ID!) { registry(projectId: "demo", id: $id) { username credential { version
  staged { version health { outcome login } } retiring { version destroyedAt activeLeases } } health { credentialVersion login } } }`;
const ISSUE =
  'mutation ($input: IssueCredentialInput!) { issueCredential(projectId: "demo", input: $input) { password } }';
const NOTICES = 'subscription { rotationNotices(projectId: "demo") { kind credentialVersion message } }';
const AUDIT = `query ($id: ID!) { auditLog(projectId: "demo", filter: { registryId: $id }, first: 100) {
  nodes { action outcome code actor changes { field from to } } } }`;

interface Notice {
  readonly kind: string;
  readonly credentialVersion: number;
  readonly message: string;
}

const missing = skipReason('docker-registry', 'htpasswd', 'openssl', 'skopeo');
/** The shortest grace is a minute. */
const GRACE_PATIENCE_MS = 90_000;

/** One story in several steps: each starts where the one before it ended. */
describe.skipIf(missing)(titled('a staged rotation while a pipeline runs', missing), () => {
  const [first, second] = [canary('staged-first'), canary('staged-second')];
  let purser: TestPurser;
  let registry: DockerRegistry;
  let running: Skopeo;
  let folder: string;
  let registryId: string;
  let notices: Subscriber<Notice>;
  let stream: StreamClient;
  let receiver: Receiver;
  /** The sealed bytes of the first version. */
  let sealed: readonly string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'purser-staged-'));
    receiver = await startReceiver();
    const environment = { ...webhookEnvironment({ chat: receiver }), EGRESS_ALLOW: 'localhost,127.0.0.1' };
    [purser, registry] = await Promise.all([startPurser({ environment }), startDockerRegistry()]);
    await writeOciImage(join(folder, 'image'), 'built before the rotation');
    await registry.setPassword('robot', first);
    await registry.setPassword('robot-2', second);
    const { host, certsDir, caCertificate } = registry;
    running = await createSkopeo({
      login: { helper: CREDENTIAL_HELPER },
      host,
      certsDir,
      environment: environmentOf('1742'),
    });
    notices = await subscribe<Notice>(purser.url, purser.token(), NOTICES, {});
    stream = await openStream(`${purser.url}/graphql`, purser.token(), { query: NOTICES });
    const input = { url: host, username: 'robot', password: first, caCertificate };
    registryId = (await purser.graphql(CREATE, { input })).data.createRegistry.registry.id;
  });
  afterAll(async () => {
    stream?.destroy();
    await Promise.allSettled([notices?.close(), purser?.stop(), registry?.stop(), running?.remove()]);
    await receiver?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  function environmentOf(run: string): Record<string, string> {
    return {
      PURSER_URL: purser.url,
      PURSER_TOKEN: purser.token({ projects: { demo: [USE] }, subject: 'pipeline' }),
      PURSER_PROJECT: 'demo',
      PURSER_PIPELINE: 'web/deploy',
      PURSER_RUN_ID: run,
      PURSER_PURPOSE: 'PUSH',
    };
  }

  async function loginOf(run: string): Promise<{ Username: string; Secret: string }> {
    const asked = { input: registry.host, environment: environmentOf(run) };
    return JSON.parse((await runClient(CREDENTIAL_HELPER, ['get'], asked)).stdout);
  }

  const stage = (password: string) =>
    purser.graphql(STAGE, { id: registryId, input: { username: 'robot-2', password } });
  const activate = (version: number) =>
    purser.graphql(ACTIVATE, { id: registryId, input: { version, graceMinutes: 1 } });
  const prove = async (version: number) => {
    const { data, errors } = await purser.graphql(PROVE, { id: registryId, version });
    expect(errors).toBeUndefined();
    return data.testStagedCredential;
  };
  const current = async () => (await purser.graphql(GET, { id: registryId })).data.registry;

  /** Of these bytes in hex, the ones that a table has. */
  async function foundInTables(needles: readonly string[]): Promise<string[]> {
    const found = new Set<string>();
    await withClient(purser.connectionString, async (client) => {
      for (const table of await tablesOf(client)) {
        const chunks: Buffer[] = [];
        await copyTable(client, table, (chunk) => chunks.push(Buffer.from(chunk)));
        const rows = Buffer.concat(chunks);
        for (const needle of needles) {
          if (rows.includes(needle) || rows.includes(Buffer.from(needle, 'hex'))) found.add(needle);
        }
      }
    });
    return [...found];
  }

  it('begins with a pipeline that pushes under a lease of the first version', async () => {
    expect(await running.push(join(folder, 'image'), 'team/web:1')).toMatchObject({ exitCode: 0 });
    // The helper names the registry alone; a step of the same run that asks by itself names the image.
    const step = { image: `${registry.host}/team/web:1`, pipeline: 'web/deploy', runId: '1742', purpose: 'PUSH' };
    const token = purser.token({ projects: { demo: [USE] }, subject: 'pipeline' });
    expect((await purser.graphql(ISSUE, { input: step }, token)).data.issueCredential.password).toBe(first);
    sealed = await withClient(purser.connectionString, async (client) => {
      const { rows } = await client.query<{ parts: string[] }>(
        `select array[encode(ciphertext, 'hex'), encode(wrapped_key, 'hex')] as parts from vault.secrets
         where registry_id = $1`,
        [registryId],
      );
      return rows.flatMap(({ parts }) => parts);
    });
    expect(sealed).toHaveLength(2);
    expect(await foundInTables(sealed)).toEqual(sealed);
  });

  it('tells of a wrong password before it is activated, and refuses to activate it', async () => {
    expect((await stage(canary('staged-wrong'))).data.stageCredential.registry).toMatchObject({
      username: 'robot',
      credential: { version: 1, staged: { version: 2, health: null } },
    });
    const lacks = 'it did not prove what the active one proves: login, pull, push';
    expect(await prove(2)).toEqual({
      provesEnough: false,
      reason: `Version 2 would not be activated, because ${lacks}.`,
      staged: expect.objectContaining({ credentialVersion: 2, outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' }),
      active: expect.objectContaining({ credentialVersion: 1, outcome: 'OK', repository: 'team/web' }),
    });
    expect((await current()).credential).toMatchObject({ version: 1, staged: { health: { login: 'DENIED' } } });
    const { errors, data } = await activate(2);
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining(lacks),
        extensions: {
          code: 'VERIFICATION_FAILED',
          outcome: 'AUTHENTICATION_FAILED',
          staged: { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED', repository: 'team/web' },
          active: { outcome: 'OK', login: 'PROVED', pull: 'PROVED', push: 'PROVED', repository: 'team/web' },
        },
      },
    ]);
    expect(await current()).toMatchObject({
      username: 'robot',
      credential: {
        version: 1,
        staged: { version: 2, health: { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' } },
        retiring: null,
      },
      health: { credentialVersion: 1, login: 'PROVED' },
    });
  });

  it('proves the right one, activates it with a grace, and the running pipeline keeps its version', async () => {
    expect((await stage(second)).data.stageCredential.registry.credential.staged).toMatchObject({ version: 3 });
    const proved = { outcome: 'OK', login: 'PROVED', pull: 'PROVED', push: 'PROVED', repository: 'team/web' };
    expect(await prove(3)).toEqual({
      provesEnough: true,
      reason: null,
      staged: { credentialVersion: 3, ...proved },
      active: { credentialVersion: 1, ...proved },
    });
    expect((await current()).credential).toMatchObject({
      version: 1,
      staged: { version: 3, health: { outcome: 'OK' } },
    });
    const activated = await activate(3);
    expect(activated.errors).toBeUndefined();
    expect(activated.data.activateCredential.registry).toMatchObject({
      username: 'robot-2',
      credential: { version: 3, staged: null, retiring: { version: 1, activeLeases: 1 } },
    });
    expect(await current()).toMatchObject({ health: { credentialVersion: 3, login: 'PROVED' } });

    expect(await loginOf('1742')).toMatchObject({ Username: 'robot', Secret: first });
    expect(await running.pull('team/web:1', join(folder, 'pulled'))).toMatchObject({ exitCode: 0 });
    expect(await loginOf('1743')).toMatchObject({ Username: 'robot-2', Secret: second });
    expect(await foundInTables(sealed)).toEqual(sealed);
  });

  it('destroys the old version when the grace ends, and says so', { timeout: GRACE_PATIENCE_MS + 30_000 }, async () => {
    await vi.waitUntil(() => notices.items.some(({ kind }) => kind === 'RETIRED'), {
      timeout: GRACE_PATIENCE_MS,
      interval: 250,
    });
    expect(notices.items.map(({ kind, credentialVersion }) => [kind, credentialVersion])).toEqual([
      ['STAGED', 2],
      ['ABANDONED', 2],
      ['STAGED', 3],
      ['ROTATED', 3],
      ['RETIRED', 1],
    ]);
    expect(notices.items.at(-1)?.message).toMatch(/^The grace of version 1 .* ended, and it is destroyed/);
    expect(await foundInTables(sealed)).toEqual([]);
    expect((await current()).credential).toMatchObject({ version: 3, retiring: null });
    // The run gets a new lease.
    expect(await loginOf('1742')).toMatchObject({ Username: 'robot-2', Secret: second });
    expect(await running.pull('team/web:1', join(folder, 'pulled-again'))).toMatchObject({ exitCode: 0 });
  });

  it('has told the same to an event stream, and to a webhook receiver that checks the signature', async () => {
    const told = notices.items.map(({ kind, credentialVersion, message }) => ({ kind, credentialVersion, message }));
    await expect.poll(() => stream.events.length).toBe(told.length);
    expect(stream.events.map(({ data }) => JSON.parse(data).data.rotationNotices)).toEqual(told);
    await expect.poll(() => receiver.received.length).toBe(told.length);
    // Deliveries may overtake each other.
    const events = receiver.received.map((each) => verified(each, receiver.secret));
    const byTime = events.toSorted((a, b) => String(a.time).localeCompare(String(b.time)));
    expect(byTime).toMatchObject(told.map((data) => ({ data })));
    expect(byTime.at(-1)).toMatchObject({ type: 'dev.purser.credential.retired', subject: registryId });
    const [signed] = receiver.received;
    if (signed === undefined) throw new Error('five were received');
    expect(() => verified({ ...signed, body: signed.body.replace('STAGED', 'RETIRED') }, receiver.secret)).toThrow();
  });

  it('leaves each step in the audit log, with the versions', async () => {
    const token = purser.token({ projects: { demo: ['iam:project:cicd:audit:read'] }, subject: 'auditor' });
    const { nodes } = (await purser.graphql(AUDIT, { id: registryId }, token)).data.auditLog;
    const entries: { action: string; outcome: string; changes: { field: string; from: string; to: string }[] }[] =
      nodes;
    const of = (action: string) => entries.filter((entry) => entry.action === action);
    expect(of('STAGE_CREDENTIAL')).toHaveLength(2);
    expect(of('ABANDON_STAGED_CREDENTIAL')).toHaveLength(1);
    expect(of('ACTIVATE_CREDENTIAL').map(({ outcome }) => outcome)).toEqual(['SUCCEEDED', 'FAILED']);
    expect(of('ACTIVATE_CREDENTIAL')[0]?.changes).toContainEqual({
      field: 'password',
      from: 'version 1',
      to: 'version 3',
    });
    expect(of('RETIRE_CREDENTIAL')).toMatchObject([
      {
        actor: 'system:purser',
        changes: [
          { field: 'retiringPassword', from: 'version 1', to: null },
          { field: 'reason', from: null, to: 'GRACE_ENDED' },
        ],
      },
    ]);
  });

  it('takes the place of a password that is lost, and still not with a wrong one', async () => {
    await withClient(purser.connectionString, (client) =>
      client.query('delete from vault.secrets where registry_id = $1 and credential_version = 3', [registryId]),
    );
    await stage(canary('staged-wrong'));
    const refused = await activate(4);
    expect(refused.errors).toMatchObject([{ extensions: { staged: { login: 'DENIED' }, active: null } }]);
    await stage(second);
    expect((await activate(5)).data.activateCredential.registry.credential.version).toBe(5);
    expect(await loginOf('1744')).toMatchObject({ Username: 'robot-2', Secret: second });
  });
});
