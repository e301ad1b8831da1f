import { randomInt, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registryStream } from '../../src/domain/identity.ts';
import { CREATE, DELETE, GET, ISSUE, RELEASE, ROTATE } from '../service/operations.ts';
import { canary } from '../support/canary.ts';
import { examine } from '../support/doctor.ts';
import { eventTypes } from '../support/event-store.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { ask, type GraphqlAnswer } from '../support/purser.ts';
import { rounds } from '../support/rounds.ts';
import { withClient } from '../support/server-databases.ts';
import { type StoreUnderTest, storesUnderTest } from '../support/stores-under-test.ts';
import { createTestIssuer } from '../support/tokens.ts';
import { until } from '../support/until.ts';
import type { FailPoint } from './fail-points/ports.ts';
import { bundleWithFailPoints, type FailingProcess, startFailingProcess } from './fail-points/process.ts';

const STAGE = `mutation ($id: ID!, $input: StageCredentialInput!) {
  stageCredential(projectId: "demo", id: $id, input: $input) { registry { id } } }`;
const ACTIVATE = `mutation ($id: ID!, $input: ActivateCredentialInput!) {
  activateCredential(projectId: "demo", id: $id, input: $input) { registry { id } } }`;
const ABANDON = `mutation ($id: ID!, $key: String) {
  abandonStagedCredential(projectId: "demo", id: $id, version: 2, idempotencyKey: $key) { registry { id } } }`;

/**
 * Vault and log are one truth: the service is killed before and after each call that changes one of them, starts again, and
 * its client repeats what it asked for. The points are those that a first run passes, so that no step can be forgotten; the
 * lists below name them. Only ports are used, so that the store can be exchanged.
 */
interface World {
  readonly environment: Readonly<Record<string, string>>;
  readonly token: string;
  /** The one that runs. */
  service: FailingProcess;
  close(): Promise<void>;
}

async function startWorld({ start: startStore }: StoreUnderTest): Promise<World> {
  const { connectionString } = await createTestDatabase();
  const issuer = createTestIssuer();
  const store = await startStore();
  const folder = await mkdtemp(join(tmpdir(), 'fail-points-'));
  const environment = {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: connectionString,
    PURSER_DATA_DIR: folder,
    JWT_ISSUERS: issuer.jwtIssuers,
    PORT: '0',
    LOG_LEVEL: 'debug',
    MINTED_PASSWORD: canary('minted'),
    ...store.environment,
  };
  const world: World = {
    environment,
    token: issuer.token(),
    service: await startFailingProcess(environment),
    async close() {
      await world.service.kill();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

beforeAll(bundleWithFailPoints);

const graphql = ({ world }: Target, query: string, variables: Record<string, unknown>): Promise<GraphqlAnswer> =>
  ask(world.service.url, query, variables, world.token);

interface Target {
  readonly world: World;
  id: string;
  readonly url: string;
  /** By version, from 1 on. */
  readonly passwords: readonly [string, string];
  lease: string;
}

interface Operation {
  readonly before: (target: Target) => Promise<unknown>;
  /** What is asked for; again with the same key after the crash. Undefined: a chore does it. */
  readonly take: ((target: Target, idempotencyKey: string) => Promise<GraphqlAnswer>) | undefined;
  /** Of the registry's secrets in the order of their versions, once everything is settled. */
  readonly states: string;
  /** The version that is issued afterwards; null after a deletion. */
  readonly version: 1 | 2 | null;
  /** The calls that it makes, each a fail point before and one after. */
  readonly calls: readonly string[];
  readonly mint?: boolean;
}

async function create(target: Target, idempotencyKey?: string, mint = false): Promise<GraphqlAnswer> {
  const ecr = { kind: 'AMAZON_ECR', roleArn: 'arn:aws:iam::123456789012:role/push' };
  const input = { url: target.url, username: 'AKIAIOSFODNN7EXAMPLE', password: target.passwords[0], idempotencyKey };
  const answer = await graphql(target, CREATE, { input: { ...input, ...(mint && { mint: ecr }) } });
  target.id = answer.data?.createRegistry?.registry.id ?? target.id;
  return answer;
}
const rotate = (target: Target, idempotencyKey?: string) =>
  graphql(target, ROTATE, { id: target.id, input: { password: target.passwords[1], idempotencyKey } });
const stage = (target: Target, idempotencyKey?: string) =>
  graphql(target, STAGE, { id: target.id, input: { password: target.passwords[1], idempotencyKey } });
const activate = (target: Target, graceMinutes: number, idempotencyKey?: string) =>
  graphql(target, ACTIVATE, { id: target.id, input: { version: 2, verify: false, graceMinutes, idempotencyKey } });
async function issue(target: Target, idempotencyKey?: string): Promise<GraphqlAnswer> {
  const input = { image: `${target.url}/app`, pipeline: 'build', idempotencyKey };
  const answer = await graphql(target, ISSUE, { input });
  target.lease = answer.data?.issueCredential?.lease.id ?? target.lease;
  return answer;
}
/** A rotation whose process dies after its secret was stored: its own client never asks again. */
async function leaveOrphan(target: Target): Promise<void> {
  await dyingAt(target.world, 'after vault.seal', () => rotate(target));
}

const KEYED = ['log.append idempotency', 'log.append registry', 'vault.settle'];
const SEALING = ['vault.seal', ...KEYED];
const OPERATIONS: Readonly<Record<string, Operation>> = {
  create: { before: async () => undefined, take: create, states: 'current', version: 1, calls: SEALING },
  rotate: { before: create, take: rotate, states: 'destroyed,current', version: 2, calls: SEALING },
  stage: { before: create, take: stage, states: 'current,staged', version: 1, calls: SEALING },
  'activate at once': {
    before: async (target) => [await create(target), await stage(target)],
    take: (target, key) => activate(target, 0, key),
    states: 'destroyed,current',
    version: 2,
    calls: KEYED,
  },
  'activate with a grace': {
    before: async (target) => [await create(target), await issue(target), await stage(target)],
    take: (target, key) => activate(target, 60, key),
    states: 'retiring,current',
    version: 2,
    calls: KEYED,
  },
  abandon: {
    before: async (target) => [await create(target), await stage(target)],
    take: (target, key) => graphql(target, ABANDON, { id: target.id, key }),
    states: 'current,destroyed',
    version: 1,
    calls: KEYED,
  },
  retire: {
    before: async (target) => [
      await create(target),
      await issue(target),
      await stage(target),
      await activate(target, 60),
    ],
    take: (target) => graphql(target, RELEASE, { leaseId: target.lease }),
    states: 'destroyed,current',
    version: 2,
    calls: ['log.append lease', 'log.append registry', 'vault.settle'],
  },
  delete: {
    before: create,
    take: (target, idempotencyKey) => graphql(target, DELETE, { id: target.id, input: { idempotencyKey } }),
    states: 'destroyed',
    version: null,
    calls: KEYED,
  },
  issue: {
    before: create,
    take: issue,
    states: 'current',
    version: 1,
    calls: ['log.append idempotency', 'log.append lease', 'vault.open'],
  },
  mint: {
    before: (target) => create(target, undefined, true),
    take: issue,
    states: 'current',
    version: null,
    calls: ['log.append idempotency', 'log.append lease', 'minted.keep', 'minter.mint', 'vault.open'],
    mint: true,
  },
  'discard an orphaned secret': {
    before: async (target) => [await create(target), await leaveOrphan(target)],
    take: undefined,
    states: 'current,destroyed',
    version: 1,
    calls: ['log.append registry', 'vault.discard'],
  },
};

function newTarget(world: World, { mint }: Pick<Operation, 'mint'> = {}): Target {
  const account = String(randomInt(1e11, 1e12));
  const url = mint ? `${account}.dkr.ecr.eu-central-1.amazonaws.com` : `${randomUUID()}.example`;
  return { world, id: '', url, passwords: [canary('first'), canary('second')], lease: '' };
}

/** Dies at the point, and is there again. */
async function dyingAt(world: World, point: FailPoint, work: () => Promise<unknown>): Promise<void> {
  world.service.dieAt(point);
  const answer = work().catch(() => undefined);
  expect(await world.service.ended).toBe('SIGKILL');
  await answer;
  world.service = await startFailingProcess(world.environment);
}

const secretsOf = ({ url, world }: Target) =>
  withClient(world.environment.DATABASE_URL ?? '', async (client) => {
    const { rows } = await client.query<{ state: string }>(
      'select state from vault.secrets where host = $1 order by credential_version, sealed_at',
      [url],
    );
    return rows.map(({ state }) => state);
  });

/** Of each version the last secret: what a crash left pending is destroyed. */
async function isSettled({ states }: Operation, target: Target): Promise<boolean> {
  const found = await secretsOf(target);
  if (found.includes('pending')) return false;
  const lasting = (text: readonly string[]) => text.filter((state) => state !== 'destroyed').join();
  return found.length > 0 && lasting(found) === lasting(states.split(','));
}

async function take({ take: asked }: Operation, target: Target, key: string): Promise<void> {
  if (asked === undefined) return;
  expect((await asked(target, key)).errors).toBeUndefined();
}

async function requireRight(operation: Operation, target: Target): Promise<void> {
  await until(() => isSettled(operation, target));
  const { version, states, mint } = operation;
  const { data } = await graphql(target, GET, { id: target.id });
  expect(data.registry?.credential.status).toBe(states === 'destroyed' ? undefined : 'ACTIVE');
  if (version !== null) {
    // A pending secret that was discarded before its client asked again has used up a version.
    expect([version, version + 1]).toContain(data.registry.credential.version);
    expect((await issue(target)).data.issueCredential.password).toBe(target.passwords[version - 1]);
  }
  if (mint) expect((await issue(target)).data.issueCredential.password).toBe(target.world.environment.MINTED_PASSWORD);
}

/** The calls of a first run; those of reads and of counts that are written from time to time have no part in it. */
async function callsOf(world: World, operation: Operation): Promise<string[]> {
  const target = newTarget(world, operation);
  await operation.before(target);
  const passed = await world.service.passedDuring(async () => {
    await take(operation, target, randomUUID());
    await until(() => isSettled(operation, target));
  });
  const calls = passed.map((point) => point.slice(point.indexOf(' ') + 1));
  return [...new Set(calls)].filter((call) => !/ (?:access|health|notices)$/.test(call)).sort();
}

/** The most dangerous one first: the event is there, and the vault has not heard of it. */
function pointsOf({ calls }: Operation): FailPoint[] {
  const points = calls.flatMap((call): FailPoint[] => [`after ${call}`, `before ${call}`]);
  const isFirst = (point: FailPoint) => /^after log\.append (?:registry|lease)$/.test(point);
  return [...points.filter(isFirst).reverse(), ...points.filter((point) => !isFirst(point))];
}

// Each restart waits until the lead of the service before it has ended: with both stores at the same time.
describe.concurrent.each(storesUnderTest())(
  'with its events in $store, a service that is killed at any step of',
  (under) => {
    let world: World;
    beforeAll(async () => {
      world = await startWorld(under);
    });
    afterAll(() => world?.close());

    it.sequential.each(Object.entries(OPERATIONS))(
      '%s comes to the same end, once its client has asked again',
      async (_, operation) => {
        expect(await callsOf(world, operation)).toEqual([...operation.calls].sort());
        for (const point of pointsOf(operation).slice(0, rounds({ usual: 1, torture: 100 }))) {
          const target = newTarget(world, operation);
          const key = randomUUID();
          await operation.before(target);
          await dyingAt(world, point, async () => operation.take?.(target, key));
          await take(operation, target, key);
          await requireRight(operation, target).catch((error: unknown) => {
            throw new Error(`after it died ${point}`, { cause: error });
          });
        }
        expect((await examine(world.environment)).wrong).toEqual({});
      },
      300_000,
    );

    it.sequential('a rotation, after it was frozen and overtaken by another replica, leaves nothing', async () => {
      const target = newTarget(world);
      await create(target);
      const frozen = world.service;
      const isFrozen = frozen.frozenAt('before vault.seal');
      const answer = rotate({ ...target, passwords: ['', canary('late')] }, randomUUID()).catch(() => undefined);
      await isFrozen;
      world.service = await startFailingProcess(world.environment);
      expect((await rotate(target)).errors).toBeUndefined();
      // It leads now, and its projector has passed the event.
      await until(async () => (await graphql(target, GET, { id: target.id })).data?.registry.credential.version === 2);
      frozen.dieAt('before vault.discard');
      frozen.thaw();
      expect(await frozen.ended).toBe('SIGKILL');
      await answer;

      await until(async () => (await secretsOf(target)).join() === 'destroyed,current,destroyed');
      const types = await eventTypes(world.environment, registryStream('demo', target.id));
      expect(types).toEqual(['RegistryCreated', 'CredentialRotated']);
      expect((await issue(target)).data.issueCredential.password).toBe(target.passwords[1]);
    });
  },
);
