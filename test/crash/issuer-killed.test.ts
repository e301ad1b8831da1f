import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registryStream } from '../../src/domain/identity.ts';
import { REQUEST_MS } from '../../src/domain/successors.ts';
import { CREATE, ISSUE } from '../service/operations.ts';
import { canary } from '../support/canary.ts';
import { startPurser, type TestPurser } from '../support/purser.ts';
import { withClient } from '../support/server-databases.ts';
import { until } from '../support/until.ts';
import { bundleIssuingProcess, type IssuingProcess, startIssuingProcess } from './issuer-points/process.ts';
import { type RobotProvider, startRobotProvider } from './issuer-points/robot-provider.ts';

const ABANDON = `mutation ($id: ID!, $version: Int!) {
  abandonStagedCredential(projectId: "demo", id: $id, version: $version) { registry { id } } }`;
const ACTIVATE = `mutation ($id: ID!, $version: Int!) {
  activateCredential(projectId: "demo", id: $id, input: { version: $version, verify: false }) { registry { id } } }`;
const STAGED = 'query ($id: ID!) { registry(projectId: "demo", id: $id) { credential { staged { version } } } }';

/** The steps of staging from an issuer, and those of revoking. Each is a point to die at before it, and one after it. */
const STAGING = ['append registry', 'create', 'seal', 'append idempotency', 'append registry', 'settle'];
const REVOKING = ['list', 'revoke', 'append registry'];

let purser: TestPurser;
let provider: RobotProvider;
let issuing: IssuingProcess;
beforeAll(async () => {
  purser = await startPurser();
  provider = await startRobotProvider();
  await bundleIssuingProcess();
  issuing = await start();
}, 60_000);
afterAll(async () => {
  await issuing?.kill();
  await provider?.[Symbol.asyncDispose]();
  await purser?.stop();
});

function start(): Promise<IssuingProcess> {
  return startIssuingProcess({ ...purser.environment, PATH: process.env.PATH ?? '', PROVIDER_URL: provider.url });
}

interface Target {
  readonly id: string;
  readonly url: string;
}

async function createTarget(): Promise<Target> {
  const url = `r-${randomUUID().slice(0, 8)}.example`;
  const { data } = await purser.graphql(CREATE, { input: { url, username: 'ada', password: canary('entered') } });
  return { id: data.createRegistry.registry.id, url };
}

/** Dies there, and starts again. */
async function dieDuring(work: Promise<unknown>): Promise<void> {
  expect(await work).toBeUndefined();
  issuing = await start();
}

async function done(order: Parameters<IssuingProcess['take']>[0]): Promise<readonly string[]> {
  const report = await issuing.take(order);
  expect(report).toMatchObject({ fault: null });
  return report?.passed ?? [];
}

async function stagedVersion({ id }: Target): Promise<number | undefined> {
  const { data } = await purser.graphql(STAGED, { id });
  return data.registry.credential.staged?.version;
}

/** From the events alone: the labels by what became of them. */
async function labelsOf({ id }: Target) {
  const events = await withClient(purser.connectionString, async (client) => {
    const text = 'select type, data from log.events where stream = $1 order by revision';
    return (await client.query<{ type: string; data: { label?: string } }>(text, [registryStream('demo', id)])).rows;
  });
  const of = (...types: string[]) =>
    events.flatMap(({ type, data }) => (types.includes(type) ? (data.label ?? []) : []));
  const last = events.findLast(({ type }) => ['CredentialStaged', 'StagedCredentialAbandoned'].includes(type));
  const inUse = last?.data.label === undefined ? [] : [last.data.label];
  return { requested: of('SuccessorRequested'), revoked: of('SuccessorRevoked'), inUse };
}

/** Everything that was requested is in use and at the provider, or is revoked there and said to be. */
async function requireNothingLost(target: Target): Promise<void> {
  await until(async () => {
    await done({ aheadMs: REQUEST_MS });
    const { requested, revoked, inUse } = await labelsOf(target);
    return [...revoked, ...inUse].sort().join() === requested.sort().join();
  });
  expect(provider.labels(target.id)).toEqual((await labelsOf(target)).inUse);
}

async function requireUsable(target: Target): Promise<void> {
  const [label = ''] = (await labelsOf(target)).inUse;
  const version = await stagedVersion(target);
  expect((await purser.graphql(ACTIVATE, { id: target.id, version })).errors).toBeUndefined();
  const { data } = await purser.graphql(ISSUE, { input: { image: `${target.url}/app`, pipeline: 'build' } });
  expect(data.issueCredential).toMatchObject({ username: `robot-${label}`, password: provider.secretOf(label) });
}

function pointsOf(steps: readonly string[]): string[] {
  return steps.flatMap((step, index) => {
    const times = steps.slice(0, index).filter((each) => each === step).length;
    const number = times === 0 ? '' : ` #${times + 1}`;
    return [`before ${step}${number}`, `after ${step}${number}`];
  });
}

describe('while a version is staged that a provider creates', () => {
  it('these are the steps', async () => {
    const target = await createTarget();
    expect(await done({ stage: target.id, key: randomUUID() })).toEqual(pointsOf(STAGING));
    await requireNothingLost(target);
    await requireUsable(target);
  });

  it.each(pointsOf(STAGING))(
    'a kill -9 %s leaves no credential that nobody refers to, and none that is revoked',
    async (dieAt) => {
      const target = await createTarget();
      const order = { stage: target.id, key: randomUUID() };
      await dieDuring(issuing.take({ ...order, dieAt }));
      await done(order);
      await requireNothingLost(target);
      await requireUsable(target);
    },
  );

  it('so does one while the provider creates it, whose answer nobody gets', async () => {
    const target = await createTarget();
    const order = { stage: target.id, key: randomUUID() };
    provider.beforeNextCreation = () => issuing.kill();
    await dieDuring(issuing.take(order));
    await done(order);
    expect(provider.labels(target.id)).toHaveLength(2);
    await requireNothingLost(target);
    await requireUsable(target);
  });

  it('without another try, what was created goes', async () => {
    const target = await createTarget();
    await dieDuring(issuing.take({ stage: target.id, key: randomUUID(), dieAt: 'after create' }));
    expect([provider.labels(target.id).length, await stagedVersion(target)]).toEqual([1, undefined]);
    await requireNothingLost(target);
    expect(provider.labels(target.id)).toEqual([]);
  });
});

describe('while it is revoked', () => {
  async function abandoned(): Promise<Target> {
    const target = await createTarget();
    await done({ stage: target.id, key: randomUUID() });
    const version = await stagedVersion(target);
    expect((await purser.graphql(ABANDON, { id: target.id, version })).errors).toBeUndefined();
    // The round starts from the read models.
    await until(async () => (await stagedVersion(target)) === undefined);
    return target;
  }

  it('these are the steps', async () => {
    const target = await abandoned();
    expect(await done({ aheadMs: 0 })).toEqual(pointsOf(REVOKING));
    await requireNothingLost(target);
  });

  it.each(pointsOf(REVOKING))('a kill -9 %s leaves nothing behind', async (dieAt) => {
    const target = await abandoned();
    await dieDuring(issuing.take({ aheadMs: 0, dieAt }));
    await requireNothingLost(target);
    expect(provider.labels(target.id)).toEqual([]);
  });
});
