import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registryStream } from '../../src/domain/identity.ts';
import { canary } from '../support/canary.ts';
import { eventsOf } from '../support/event-store.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';
import { CREATE, DELETE, GET, ISSUE, NOTICES, RELEASE, ROTATE } from './operations.ts';

const VERSIONS =
  'registry { username revision credential { version staged { version } retiring { version activeLeases } } }';
const STAGE = `mutation ($id: ID!, $input: StageCredentialInput!) {
  stageCredential(projectId: "demo", id: $id, input: $input) { ${VERSIONS} } }`;
const ACTIVATE = `mutation ($id: ID!, $input: ActivateCredentialInput!) {
  activateCredential(projectId: "demo", id: $id, input: $input) { ${VERSIONS} } }`;
const PROVE = `mutation ($id: ID!) { testStagedCredential(projectId: "demo", id: $id, version: 2) { provesEnough } }`;
const ABANDON = `mutation ($id: ID!, $version: Int!, $idempotencyKey: String) {
  abandonStagedCredential(projectId: "demo", id: $id, version: $version, idempotencyKey: $idempotencyKey) { ${VERSIONS} } }`;

let purser: TestPurser;
let replica: TestPurser;
beforeAll(async () => {
  purser = await startPurser();
  replica = await startPurser({ replicaOf: purser });
});
afterAll(async () => {
  await replica?.stop();
  await purser?.stop();
});

async function done(answer: ReturnType<TestPurser['graphql']>) {
  const { data, errors } = await answer;
  expect(errors).toBeUndefined();
  const [payload] = Object.values(data);
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
  return payload as any;
}

const codeOf = async (answer: ReturnType<TestPurser['graphql']>) => (await answer).errors?.[0]?.extensions.code;

async function create(url: string, password: string): Promise<string> {
  return (await done(purser.graphql(CREATE, { input: { url, username: 'ada', password } }))).registry.id;
}

const stage = (id: string, password: string, input: Record<string, unknown> = {}) =>
  purser.graphql(STAGE, { id, input: { password, ...input } });
const activate = (id: string, version: number, input: Record<string, unknown> = {}) =>
  purser.graphql(ACTIVATE, { id, input: { version, verify: false, ...input } });
const abandon = (id: string, version: number, idempotencyKey?: string) =>
  purser.graphql(ABANDON, { id, version, idempotencyKey });
const issue = (image: string, input: Record<string, unknown> = {}, from = purser) =>
  from.graphql(ISSUE, { input: { image, pipeline: 'build', ...input } });

interface Registry {
  readonly id: string;
  readonly image: string;
  readonly passwords: readonly [string, string];
}

/** Two versions, the second of which is staged. */
async function withStaged(host: string): Promise<Registry> {
  const passwords = [canary('staged-one'), canary('staged-two')] as const;
  const id = await create(host, passwords[0]);
  await done(stage(id, passwords[1]));
  return { id, image: `${host}/app`, passwords };
}

/** States of the registry's secrets, by version. */
async function statesOf(id: string): Promise<string[]> {
  return withClient(purser.connectionString, async (client) => {
    const { rows } = await client.query<{ state: string }>(
      'select state from vault.secrets where registry_id = $1 order by credential_version',
      [id],
    );
    return rows.map(({ state }) => state);
  });
}

async function dataOf(id: string, type: string): Promise<unknown[]> {
  const events = await eventsOf(purser.environment);
  return events
    .filter((event) => event.stream === registryStream('demo', id) && event.type === type)
    .map(({ data }) => data);
}

async function noticesOf(registryId: string): Promise<string[]> {
  const { rotationNotices } = (await purser.graphql(NOTICES, { registryId, first: 100 })).data;
  return rotationNotices.nodes.map(({ kind }: { kind: string }) => kind).toReversed();
}

describe('a staged credential', () => {
  it('is not issued before it is activated, and destroys the one before at once without a grace', async () => {
    const { id, image, passwords } = await withStaged('plain.example');
    expect(await statesOf(id)).toEqual(['current', 'staged']);
    expect((await done(issue(image))).password).toBe(passwords[0]);
    const { registry } = await done(activate(id, 2));
    expect(registry).toMatchObject({ credential: { version: 2, staged: null, retiring: null } });
    expect(await statesOf(id)).toEqual(['destroyed', 'current']);
    expect((await done(issue(image))).password).toBe(passwords[1]);
    expect(await noticesOf(id)).toEqual(['STAGED', 'ROTATED']);
  });

  it('is destroyed when it is abandoned, replaced, or overtaken by a rotation', async () => {
    const { id, passwords } = await withStaged('abandoned.example');
    await done(abandon(id, 2));
    expect(await codeOf(abandon(id, 2))).toBe('NOT_FOUND');
    expect(await statesOf(id)).toEqual(['current', 'destroyed']);
    await done(stage(id, passwords[1]));
    expect((await done(stage(id, passwords[1]))).registry.credential).toMatchObject({ staged: { version: 4 } });
    expect(await statesOf(id)).toEqual(['current', 'destroyed', 'destroyed', 'staged']);
    expect(await codeOf(activate(id, 3))).toBe('NOT_FOUND');
    await done(purser.graphql(ROTATE, { id, input: { password: canary('rotated') } }));
    expect(await statesOf(id)).toEqual(['destroyed', 'destroyed', 'destroyed', 'destroyed', 'current']);
    expect(await noticesOf(id)).toEqual([
      'STAGED',
      'ABANDONED',
      'STAGED',
      'ABANDONED',
      'STAGED',
      'ABANDONED',
      'ROTATED',
    ]);
  });

  it.each([
    ['graceMinutes', { graceMinutes: 1441 }],
    ['graceMinutes', { graceMinutes: -1 }],
  ])('refuses a wrong %s', async (field, input) => {
    const { id } = await withStaged(`refused-${Object.values(input)[0]}.example`);
    const { errors } = await activate(id, 2, input);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', field } }]);
  });

  it('is changed only by those who may write, and at the revision that they saw', async () => {
    const { id, passwords } = await withStaged('guarded.example');
    const reader = purser.token({ projects: { demo: ['iam:project:cicd:registry:read'] } });
    const mutations = [
      [STAGE, { id, input: { password: passwords[1] } }],
      [PROVE, { id }],
      [ACTIVATE, { id, input: { version: 2 } }],
      [ABANDON, { id, version: 2 }],
    ] as const;
    for (const [mutation, variables] of mutations) {
      expect(await codeOf(purser.graphql(mutation, variables, reader))).toBe('FORBIDDEN');
    }
    expect(await codeOf(stage(id, passwords[1], { expectedRevision: 0 }))).toBe('REVISION_CONFLICT');
    expect(await codeOf(activate(id, 2, { expectedRevision: 0 }))).toBe('REVISION_CONFLICT');
    await done(activate(id, 2, { expectedRevision: 1 }));
  });

  it('is staged, activated and abandoned once, however often the request is sent', async () => {
    const { id, passwords } = await withStaged('repeated.example');
    const [staging, activation, ending] = [randomUUID(), randomUUID(), randomUUID()];
    const first = await done(stage(id, passwords[1], { idempotencyKey: staging }));
    expect(await done(stage(id, passwords[1], { idempotencyKey: staging }))).toEqual(first);
    expect(await codeOf(stage(id, canary('other'), { idempotencyKey: staging }))).toBe('IDEMPOTENCY_KEY_REUSED');
    const activated = await done(activate(id, 3, { idempotencyKey: activation, graceMinutes: 5 }));
    const again = await done(activate(id, 3, { idempotencyKey: activation, graceMinutes: 5 }));
    expect(again.registry.revision).toBe(activated.registry.revision);
    // The staged version has become the current one: the first request is still the same.
    expect(await done(stage(id, passwords[1], { idempotencyKey: staging }))).toEqual(first);
    expect(await codeOf(stage(id, canary('other'), { idempotencyKey: staging }))).toBe('IDEMPOTENCY_KEY_REUSED');
    await done(stage(id, passwords[1]));
    await done(abandon(id, 4, ending));
    await done(abandon(id, 4, ending));
    expect(await dataOf(id, 'StagedCredentialAbandoned')).toHaveLength(2);
  });
});

describe('a version that its leases keep', () => {
  it('is given again to the same run and to the same key, and to nobody else', async () => {
    const { id, image, passwords } = await withStaged('kept.example');
    const [old, next] = passwords;
    const key = randomUUID();
    const held = await done(issue(image, { runId: '1' }));
    await done(issue(image, { idempotencyKey: key }));
    const { registry } = await done(activate(id, 2, { graceMinutes: 5 }));
    expect(registry.credential.retiring).toEqual({ version: 1, activeLeases: 2 });
    expect(await statesOf(id)).toEqual(['retiring', 'current']);

    for (const from of [purser, replica]) {
      const again = await done(issue(image, { runId: '1' }, from));
      expect([again.password, again.lease.id]).toEqual([old, held.lease.id]);
      expect((await done(issue(image, { idempotencyKey: key }, from))).password).toBe(old);
    }
    for (const other of [{ runId: '2' }, {}, { runId: '1', pipeline: 'another' }, { idempotencyKey: randomUUID() }]) {
      const { password, lease } = await done(issue(image, other));
      expect([password, lease.credentialVersion]).toEqual([next, 2]);
    }
  });

  it('is destroyed once when the last of them ends, by whichever replica leads', async () => {
    const { id, image, passwords } = await withStaged('released.example');
    const leases = [await done(issue(image, { runId: '1' })), await done(issue(image, { runId: '2' }))];
    await done(activate(id, 2, { graceMinutes: 60 }));
    await done(purser.graphql(RELEASE, { leaseId: leases[0].lease.id }));
    expect((await done(purser.graphql(GET, { id }))).credential.version).toBe(2);
    expect((await done(issue(image, { runId: '2' }))).password).toBe(passwords[0]);
    expect(await statesOf(id)).toEqual(['retiring', 'current']);

    await done(purser.graphql(RELEASE, { leaseId: leases[1].lease.id }));
    await until(async () => (await statesOf(id)).join() === 'destroyed,current');
    await until(async () => (await noticesOf(id)).at(-1) === 'RETIRED');
    expect((await done(issue(image, { runId: '2' }))).password).toBe(passwords[1]);
    expect(await dataOf(id, 'CredentialRetired')).toMatchObject([{ credentialVersion: 1, reason: 'LAST_LEASE_ENDED' }]);
  });

  it('is destroyed at once if no lease holds it', async () => {
    const { id, passwords } = await withStaged('unheld.example');
    const { registry } = await done(activate(id, 2, { graceMinutes: 60 }));
    await until(async () => (await statesOf(id)).join() === 'destroyed,current');
    // Nobody changed the registry since: only its version before has gone.
    const expectedRevision = registry.revision;
    await done(stage(id, passwords[0], { expectedRevision }));
    expect(await codeOf(stage(id, passwords[0], { expectedRevision }))).toBe('REVISION_CONFLICT');
  });

  it('ends with the next activation, with a rotation and with a deletion', async () => {
    const { id, image, passwords } = await withStaged('ended.example');
    await done(issue(image, { runId: '1' }));
    await done(activate(id, 2, { graceMinutes: 60 }));
    await done(issue(image, { runId: '2' }));
    await done(stage(id, passwords[0]));
    await done(activate(id, 3, { graceMinutes: 60 }));
    expect(await statesOf(id)).toEqual(['destroyed', 'retiring', 'current']);
    await done(purser.graphql(ROTATE, { id, input: { password: canary('rotated') } }));
    expect(await statesOf(id)).toEqual(['destroyed', 'destroyed', 'destroyed', 'current']);
    expect(await dataOf(id, 'CredentialRetired')).toMatchObject([{ reason: 'REPLACED' }, { reason: 'REPLACED' }]);

    await done(stage(id, passwords[0]));
    await done(activate(id, 5, { graceMinutes: 60 }));
    await done(stage(id, passwords[1]));
    await done(purser.graphql(DELETE, { id, input: { force: true } }));
    expect(new Set(await statesOf(id))).toEqual(new Set(['destroyed']));
  });

  it('opens for nobody after it was destroyed, even if its row is written back', async () => {
    const { id, image, passwords } = await withStaged('restored.example');
    const key = randomUUID();
    await done(issue(image, { runId: '1' }));
    await done(issue(image, { idempotencyKey: key }));
    await withClient(purser.connectionString, (client) =>
      client.query('create table public.kept_row as select * from vault.secrets where registry_id = $1', [id]),
    );
    await done(activate(id, 2));
    await withClient(purser.connectionString, async (client) => {
      await client.query('delete from vault.secrets where registry_id = $1 and credential_version = 1', [id]);
      await client.query(`insert into vault.secrets select * from public.kept_row where credential_version = 1`);
      await client.query(
        "update vault.secrets set state = 'retiring' where registry_id = $1 and credential_version = 1",
        [id],
      );
      await client.query('drop table public.kept_row');
    });
    expect((await done(issue(image, { runId: '1' }))).password).toBe(passwords[1]);
    expect(await codeOf(issue(image, { idempotencyKey: key }))).toBe('CREDENTIAL_UNAVAILABLE');
  });
});
