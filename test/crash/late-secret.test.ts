import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { registryStream } from '../../src/domain/identity.ts';
import { CREATE, DELETE, ISSUE, ROTATE } from '../service/operations.ts';
import { canary } from '../support/canary.ts';
import { eventTypes } from '../support/event-store.ts';
import { createGate } from '../support/gate.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';
import { type Between, type Replica, startReplica } from './replica.ts';

const STAGE = `mutation ($id: ID!, $password: String!) {
  stageCredential(projectId: "demo", id: $id, input: { password: $password }) { registry { id } } }`;
const ACTIVATE = `mutation ($id: ID!) { activateCredential(projectId: "demo", id: $id,
  input: { version: 2, verify: false, graceMinutes: 60 }) { registry { id } } }`;
const ABANDON = `mutation ($id: ID!) {
  abandonStagedCredential(projectId: "demo", id: $id, version: 2) { registry { id } } }`;

let purser: TestPurser;
let other: Replica;
beforeAll(async () => {
  purser = await startPurser();
  other = await startReplica(purser);
});
afterAll(async () => {
  await other.close();
  await purser.stop();
});

async function done(query: string, variables: Record<string, unknown>) {
  const { data, errors } = await purser.graphql(query, variables);
  expect(errors).toBeUndefined();
  return data;
}

interface Registry {
  readonly id: string;
  readonly url: string;
}

async function created(): Promise<Registry> {
  const url = `${randomUUID()}.example`;
  const { createRegistry } = await done(CREATE, { input: { url, username: 'robot', password: canary('first') } });
  return { id: createRegistry.registry.id, url };
}

const rotate = ({ id }: Registry) => done(ROTATE, { id, input: { password: canary('meanwhile') } });
const stage = ({ id }: Registry) => done(STAGE, { id, password: canary('meanwhile') });
/** Makes version 2 active, and keeps version 1, which has a lease, for an hour. */
async function replaceWithGrace(registry: Registry) {
  await done(ISSUE, { input: { image: `${registry.url}/app`, pipeline: 'p' } });
  await stage(registry);
  await done(ACTIVATE, { id: registry.id });
}

async function secretStates({ id }: Registry): Promise<string[]> {
  return withClient(purser.connectionString, async (client) => {
    const { rows } = await client.query(
      `select credential_version as version, state, num_nonnulls(wrapped_key, ciphertext) as kept from vault.secrets
       where registry_id = $1 order by sealed_at`,
      [id],
    );
    return rows.map(({ version, state, kept }) => `${version} ${state}: ${kept}`);
  });
}

const typesIn = ({ id }: Registry) => eventTypes(purser.environment, registryStream('demo', id));

async function replicaWith(between: Between): Promise<Replica> {
  const replica = await startReplica(purser, between);
  onTestFinished(() => replica.close());
  return replica;
}

/** Of a replica that is frozen before it stores a secret, wakes when others have changed the registry, and then dies. */
async function leaveLateSecret(registry: Registry, meanwhile: (registry: Registry) => Promise<unknown>): Promise<void> {
  const beforeSeal = createGate();
  const replica = await replicaWith({
    vault: (real) => ({
      ...real,
      async seal(...secret) {
        await beforeSeal.pass();
        return real.seal(...secret);
      },
      discard: () => Promise.reject(new Error('it died')),
    }),
  });
  const rotation = replica.rotate(registry.id, canary('late'), randomUUID());
  await beforeSeal.arrived;
  await meanwhile(registry);
  beforeSeal.open();
  await expect(rotation).rejects.toThrow('it died');
}

describe('a secret that is stored after its version was given to another', () => {
  it.each([
    ['a rotation', rotate, ['1 destroyed: 0', '2 current: 2']],
    [
      'the staged version was abandoned',
      async (registry: Registry) => [await stage(registry), await done(ABANDON, { id: registry.id })],
      ['1 current: 2', '2 destroyed: 0'],
    ],
    ['an activation with a grace', replaceWithGrace, ['1 retiring: 2', '2 current: 2']],
    [
      'a rotation and the deletion of the registry',
      async (registry: Registry) => [await rotate(registry), await done(DELETE, { id: registry.id, input: {} })],
      ['1 destroyed: 0', '2 destroyed: 0'],
    ],
  ])('is destroyed by the next housekeeping, and no other is: after %s', async (_, meanwhile, states) => {
    const registry = await created();
    await leaveLateSecret(registry, meanwhile);
    expect(await secretStates(registry)).toEqual([...states, '2 pending: 2']);
    const types = await typesIn(registry);

    expect(await other.discardOvertaken()).toBe(1);
    expect(await secretStates(registry)).toEqual([...states, '2 destroyed: 0']);
    expect(await other.discardOvertaken()).toBe(0);
    // Nothing is told to the stream: its handler is refused in any case, and no version is used up.
    expect(await typesIn(registry)).toEqual(types);
  });
});

describe('housekeeping leaves a pending secret alone', () => {
  it('while its event may still come', async () => {
    const registry = await created();
    const beforeAppend = createGate();
    const replica = await replicaWith({
      log: (real) => ({
        ...real,
        async append(...append) {
          await beforeAppend.pass();
          return real.append(...append);
        },
      }),
    });
    const rotation = replica.rotate(registry.id, canary('slow'));
    await beforeAppend.arrived;
    expect(await other.discardOvertaken()).toBe(0);
    expect(await secretStates(registry)).toEqual(['1 current: 2', '2 pending: 2']);
    beforeAppend.open();
    await rotation;
    expect(await typesIn(registry)).toEqual(['RegistryCreated', 'CredentialRotated']);
    expect(await secretStates(registry)).toEqual(['1 destroyed: 0', '2 current: 2']);
  });

  it('that is the current one, whose event the vault has not learnt', async () => {
    const registry = await created();
    const replica = await replicaWith({
      vault: (real) => ({ ...real, settle: () => Promise.reject(new Error('it died')) }),
    });
    await withClient(purser.connectionString, async (client) => {
      await client.query('begin');
      await client.query('select from read_models.checkpoint for update');
      await expect(replica.rotate(registry.id, canary('unsettled'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(await other.discardOvertaken()).toBe(0);
      expect(await secretStates(registry)).toEqual(['1 current: 2', '2 pending: 2']);
      await client.query('rollback');
    });
    await until(async () => (await secretStates(registry)).join() === '1 destroyed: 0,2 current: 2');
  });
});
