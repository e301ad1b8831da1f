import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import type { Vault } from '../../src/application/ports/vault.ts';
import { EventLogUnavailable } from '../../src/domain/errors.ts';
import { registryStream } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { CREATE, ISSUE } from '../service/operations.ts';
import { canary } from '../support/canary.ts';
import { eventTypes } from '../support/event-store.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';
import { type Between, type Replica, startReplica } from './replica.ts';

const PROJECT = 'demo';

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

async function replicaWith(between: Between): Promise<Replica> {
  const replica = await startReplica(purser, between);
  onTestFinished(() => replica.close());
  return replica;
}

/** The appends to the registry's stream; those of the key's stream go through. */
const ofRegistry = (stream: string): boolean => stream.startsWith('registry-');

/** Where the process dies, as a replica that does not get any further. */
const FAIL_POINTS: Readonly<Record<string, { readonly between: Between; readonly isWritten: boolean }>> = {
  'before the event reaches the log': {
    isWritten: false,
    between: {
      log: (real: EventLog) => ({
        ...real,
        async append(stream, ...rest) {
          if (ofRegistry(stream)) throw new EventLogUnavailable('The process died.');
          return real.append(stream, ...rest);
        },
      }),
    },
  },
  'after the event, before its answer': {
    isWritten: true,
    between: {
      log: (real: EventLog) => ({
        ...real,
        async append(stream, ...rest) {
          const appended = await real.append(stream, ...rest);
          if (ofRegistry(stream)) throw new EventLogUnavailable('The process died.');
          return appended;
        },
      }),
    },
  },
  'before the vault': {
    isWritten: true,
    between: {
      vault: (real: Vault) => ({
        ...real,
        async settle() {
          throw new Error('the process died');
        },
      }),
    },
  },
};

interface Step {
  /** What was done before. */
  readonly before: (registry: Registry) => Promise<unknown>;
  readonly take: (replica: Replica, registry: Registry, idempotencyKey: string) => Promise<unknown>;
  readonly states: { readonly before: string; readonly after: string };
}

interface Registry {
  readonly id: string;
  readonly url: string;
  readonly staged: string;
}

const stage = (replica: Replica, { id, staged }: Registry, idempotencyKey?: string) =>
  replica.application.stageCredential(replica.context(), PROJECT, id, {
    password: new Secret(staged),
    username: undefined,
    mint: undefined,
    expiresAt: undefined,
    expectedRevision: undefined,
    idempotencyKey,
  });
const activate =
  (graceMinutes: number) =>
  (replica: Replica, { id }: Registry, idempotencyKey?: string) =>
    replica.application.activateCredential(replica.context(), PROJECT, id, {
      version: 2,
      verify: false,
      graceMinutes,
      expectedRevision: undefined,
      idempotencyKey,
    });
const abandon = (replica: Replica, { id }: Registry, idempotencyKey?: string) =>
  replica.application.abandonStagedCredential(replica.context(), PROJECT, id, { version: 2, idempotencyKey });

const hold = ({ url }: Registry) =>
  purser.graphql(ISSUE, { input: { image: `${url}/app`, pipeline: 'build', runId: '1' } });
const staging = (registry: Registry) => stage(other, registry);

const STEPS: Readonly<Record<string, Step>> = {
  staging: { before: async () => undefined, take: stage, states: { before: 'current', after: 'current,staged' } },
  'activating at once': {
    before: staging,
    take: activate(0),
    states: { before: 'current,staged', after: 'destroyed,current' },
  },
  'activating with a grace': {
    before: async (registry) => [await hold(registry), await staging(registry)],
    take: activate(60),
    states: { before: 'current,staged', after: 'retiring,current' },
  },
  abandoning: { before: staging, take: abandon, states: { before: 'current,staged', after: 'current,destroyed' } },
};

async function created(): Promise<Registry> {
  const url = `${randomUUID()}.example`;
  const { data } = await purser.graphql(CREATE, { input: { url, username: 'robot', password: canary('crash-first') } });
  return { id: data.createRegistry.registry.id, url, staged: canary('crash-staged') };
}

/** Of the versions, each with its latest secret; pending ones are left out. */
async function statesOf(id: string): Promise<string> {
  return withClient(purser.connectionString, async (client) => {
    const { rows } = await client.query<{ state: string }>(
      `select state from vault.secrets where registry_id = $1 and state <> 'pending'
       order by credential_version, sealed_at`,
      [id],
    );
    return rows.map(({ state }) => state).join();
  });
}

const typesOf = (id: string) => eventTypes(purser.environment, registryStream(PROJECT, id));

describe.each(Object.entries(STEPS))('a process that dies while %s', (_step, { before, take, states }) => {
  it.each(Object.entries(FAIL_POINTS))('%s', async (_point, { between, isWritten }) => {
    const registry = await created();
    await before(registry);
    const known = await typesOf(registry.id);
    const key = randomUUID();
    await expect(take(await replicaWith(between), registry, key)).rejects.toThrow();

    // Nobody repeats the request: the projector does what the log says.
    expect(await typesOf(registry.id)).toHaveLength(known.length + Number(isWritten));
    await until(async () => (await statesOf(registry.id)) === (isWritten ? states.after : states.before));

    // Whoever repeats it with its key gets the same, once.
    await take(other, registry, key);
    await take(other, registry, key);
    expect(await typesOf(registry.id)).toHaveLength(known.length + 1);
    // A pending secret that no event refers to is destroyed with the version that the repetition brings.
    expect((await statesOf(registry.id)).replace('current,destroyed,staged', 'current,staged')).toBe(states.after);
    if (!isWritten) expect(await other.discardOrphans()).toBe(0);
  });
});

describe('an ask that opened the password before an activation with a grace', () => {
  it('begins no lease on the version that retires', async () => {
    const registry = await created();
    await staging(registry);
    let reach = () => {};
    let goOn = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const activated = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const slow = await replicaWith({
      log: (real) => ({
        ...real,
        async append(stream, ...rest) {
          if (stream.startsWith('lease-')) {
            reach();
            await activated;
          }
          return real.append(stream, ...rest);
        },
      }),
    });
    const asked = slow.issue(`${registry.url}/app`);
    await reached;
    await activate(60)(other, registry);
    goOn();
    const { lease, password } = await asked;
    expect(lease.credentialVersion).toBe(2);
    expect(password.reveal()).toBe(registry.staged);
  });
});

describe('retiring a version', () => {
  async function retiring(): Promise<Registry> {
    const registry = await created();
    await stage(other, registry);
    await activate(60)(other, registry);
    return registry;
  }

  it('happens once, however many replicas try at the same time', async () => {
    const replicas = await Promise.all([replicaWith({}), replicaWith({})]);
    const registries = await Promise.all(Array.from({ length: 10 }, retiring));
    await Promise.all([other, ...replicas].map((replica) => replica.retire()));
    for (const { id } of registries) {
      await until(async () => (await statesOf(id)) === 'destroyed,current');
      expect((await typesOf(id)).filter((type) => type === 'CredentialRetired')).toHaveLength(1);
    }
  });

  it('is finished by the projector if the process dies between the event and the vault', async () => {
    let died = 0;
    const dying = await replicaWith({
      vault: (real) => ({
        ...real,
        async settle() {
          died += 1;
          throw new Error('the process died');
        },
      }),
    });
    // The leader looks once a second: some of these are left to the replica that dies.
    for (let round = 0; died === 0 && round < 20; round += 1) {
      const { id } = await retiring();
      await dying.retire().catch(() => undefined);
      await until(async () => (await statesOf(id)) === 'destroyed,current');
      expect((await typesOf(id)).filter((type) => type === 'CredentialRetired')).toHaveLength(1);
    }
    expect(died).toBeGreaterThan(0);
  });

  it('does not happen while a lease that the read models have not seen keeps the version', async () => {
    const registry = await created();
    await withClient(purser.connectionString, async (client) => {
      await client.query('begin');
      await client.query('select from read_models.checkpoint for update');
      const held = await other.application.issueCredential(other.context(), PROJECT, {
        image: `${registry.url}/app`,
        purpose: 'PULL',
        pipeline: 'build',
        runId: '1',
        ttlSeconds: 3600,
        form: 'PASSWORD',
        idempotencyKey: undefined,
      });
      await stage(other, registry);
      await activate(60)(other, registry);
      expect(await statesOf(registry.id)).toBe('retiring,current');
      expect(await other.retire()).toBe(0);
      expect(await statesOf(registry.id)).toBe('retiring,current');
      await other.application.releaseLease(other.context(), PROJECT, held.lease.id);
      expect(await other.retire().catch(() => 0)).toBeLessThanOrEqual(1);
      await client.query('rollback');
    });
    await until(async () => (await statesOf(registry.id)) === 'destroyed,current');
    expect((await typesOf(registry.id)).filter((type) => type === 'CredentialRetired')).toHaveLength(1);
  });
});
