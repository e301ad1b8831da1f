import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CALL_MS, CREATE_MS } from '../../src/application/limited-issuer.ts';
import { type CredentialIssuer, RevocationRefused } from '../../src/application/ports/credential-issuer.ts';
import { revokeSuccessors } from '../../src/application/revoke-successors.ts';
import { registryId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { REQUEST_MS, REVOKED_WITHIN_MS } from '../../src/domain/successors.ts';
import { canary } from '../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../support/use-cases.ts';

const ID = registryId(PROJECT, 'registry.example');
const UNCHECKED = { verify: false, expectedRevision: undefined, idempotencyKey: undefined };

/** A provider in memory. */
interface Robots extends CredentialIssuer {
  readonly held: Map<string, Secret>;
  readonly calls: string[];
  /** What `create` waits for before it creates. */
  beforeCreating: (label: string) => Promise<void>;
  fault: Error | undefined;
}

function createRobots(): Robots {
  const robots: Robots = {
    name: 'robots',
    revocable: true,
    held: new Map(),
    calls: [],
    beforeCreating: async () => undefined,
    fault: undefined,
    async create(_registry, label) {
      robots.calls.push('create');
      await robots.beforeCreating(label);
      const password = new Secret(canary('robot'));
      robots.held.set(label, password);
      return { password, username: 'robot', mint: undefined, expiresAt: undefined };
    },
    async revoke(_registry, label) {
      robots.calls.push('revoke');
      if (robots.fault) throw robots.fault;
      robots.held.delete(label);
    },
    async list() {
      robots.calls.push('list');
      return [...robots.held.keys()];
    },
  };
  return robots;
}

async function withRobots() {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password: new Secret(canary('first')) }));
  const robots = createRobots();
  const stage = (
    changes: { registryId?: string; expectedRevision?: number; key?: string; fingerprint?: string } = {},
    running = world.running,
  ) =>
    running.stageSuccessor(aCaller(), robots, {
      projectId: PROJECT,
      registryId: changes.registryId ?? ID,
      expectedRevision: changes.expectedRevision,
      idempotent:
        changes.key === undefined
          ? null
          : { id: changes.key, operation: 'stage', fingerprint: changes.fingerprint ?? 'same' },
    });
  const activate = (version: number, graceMinutes = 0) =>
    world.application.activateCredential(aCaller(), PROJECT, ID, { ...UNCHECKED, version, graceMinutes });
  const round = revokeSuccessors({
    ...world.running,
    findWaitingSuccessors: async () => [{ projectId: PROJECT, registryId: ID, at: new Date(world.now).toISOString() }],
    issuers: new Map([[robots.name, robots]]),
    onFault: (error) => world.faults.push(error),
  });
  const abandoned = async () => {
    await stage();
    await world.application.abandonStagedCredential(aCaller(), PROJECT, ID, { ...UNCHECKED, version: 2 });
  };
  return {
    world,
    robots,
    stage,
    activate,
    abandoned,
    round: (signal = new AbortController().signal) => round(signal),
  };
}

const typesIn = (world: World) =>
  world.events.filter(({ stream }) => stream.startsWith('registry-')).map(({ type }) => type);

describe('a version that an issuer creates', () => {
  it('is asked for after its label is in the log, and staged under that label', async () => {
    const { world, robots, stage } = await withRobots();
    robots.beforeCreating = async (label) => {
      expect(world.eventsOf('SuccessorRequested').at(-1)?.data).toEqual({ registryId: ID, issuer: 'robots', label });
    };
    await stage();
    expect(typesIn(world)).toEqual(['RegistryCreated', 'SuccessorRequested', 'CredentialStaged']);
    const [label] = robots.held.keys();
    expect(world.eventsOf('CredentialStaged')[0]?.data).toMatchObject({ label, username: 'robot' });
  });

  it('is not asked for if the registry is not there, was changed, or the key is of another request', async () => {
    const { robots, stage } = await withRobots();
    await expect(stage({ registryId: randomUUID() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(stage({ expectedRevision: 7 })).rejects.toMatchObject({ code: 'REVISION_CONFLICT' });
    expect(robots.calls).toEqual([]);
    const key = randomUUID();
    await stage({ key, expectedRevision: 0 });
    await expect(stage({ key, fingerprint: 'other' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(robots.calls).toEqual(['create']);
  });

  it('is created once, however often the same request is repeated', async () => {
    const { world, robots, stage } = await withRobots();
    const key = randomUUID();
    const first = await stage({ key });
    const again = await stage({ key });
    expect([robots.calls, again.repeated, again.revision]).toEqual([['create'], true, first.revision]);
    expect(world.eventsOf('CredentialStaged')).toHaveLength(1);
  });

  it('is asked for again, under another label, by a request whose first answer was lost', async () => {
    const { world, robots, stage, round } = await withRobots();
    const key = randomUUID();
    robots.beforeCreating = async (label) => {
      robots.held.set(label, new Secret(canary('lost')));
      throw new Error('no answer');
    };
    await expect(stage({ key })).rejects.toThrow('no answer');
    robots.beforeCreating = async () => undefined;
    await stage({ key });
    expect(robots.held.size).toBe(2);
    world.now += REQUEST_MS;
    expect(await round()).toBe(1);
    const [label] = robots.held.keys();
    expect([robots.held.size, world.eventsOf('CredentialStaged')]).toMatchObject([1, [{ data: { label } }]]);
  });

  it('makes no event if a person entered it', async () => {
    const { world } = await withRobots();
    const entered = { ...UNCHECKED, password: new Secret(canary('entered')), username: undefined, mint: undefined };
    await world.application.stageCredential(aCaller(), PROJECT, ID, { ...entered, expiresAt: undefined });
    expect(typesIn(world)).toEqual(['RegistryCreated', 'CredentialStaged']);
  });

  it('is neither used nor left at the issuer if it was given up while it was created', async () => {
    const { world, robots, stage, round } = await withRobots();
    robots.beforeCreating = async () => {
      // The handler is paused. Another replica gives up, finds nothing to revoke, and says so.
      world.now += REQUEST_MS;
      expect(await round()).toBe(1);
    };
    await expect(stage()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(robots.held.size).toBe(0);
    expect(typesIn(world)).toEqual(['RegistryCreated', 'SuccessorRequested', 'SuccessorDiscarded', 'SuccessorRevoked']);
  });
});

describe('what an issuer created is revoked', () => {
  it.each<[string, (with_: Awaited<ReturnType<typeof withRobots>>) => Promise<unknown>]>([
    [
      'abandoned',
      ({ world }) => world.application.abandonStagedCredential(aCaller(), PROJECT, ID, { ...UNCHECKED, version: 2 }),
    ],
    ['replaced by another staged one', ({ stage }) => stage()],
    [
      'rotated away',
      ({ world }) =>
        world.application.rotateCredential(aCaller(), PROJECT, ID, command.rotate({ password: new Secret('next') })),
    ],
    [
      'deleted with its registry',
      ({ world }) => world.application.deleteRegistry(aCaller(), PROJECT, ID, { ...UNCHECKED, force: true }),
    ],
  ])('once it is %s, and only once', async (_how, end) => {
    const all = await withRobots();
    const { world, robots, stage, round } = all;
    await stage();
    const [label] = robots.held.keys();
    expect([await round(), robots.held.has(label ?? '')]).toEqual([0, true]);
    await end(all);
    expect([await round(), robots.held.has(label ?? '')]).toEqual([1, false]);
    expect(await round()).toBe(0);
    expect(world.eventsOf('SuccessorRevoked').map(({ data }) => data)).toEqual([
      { registryId: ID, issuer: 'robots', label },
    ]);
  });

  it('after its grace, and not while leases keep it or a new user name uses it', async () => {
    const { world, robots, stage, activate, round } = await withRobots();
    await stage();
    await activate(2);
    const [label = ''] = robots.held.keys();
    await world.application.updateRegistry(aCaller(), PROJECT, ID, command.update({ username: 'renamed' }));
    expect([await round(), robots.held.has(label)]).toEqual([0, true]);
    await stage();
    await activate(4, 10);
    expect([await round(), robots.held.has(label)]).toEqual([0, true]);
    await stage();
    await activate(5, 10);
    expect([await round(), robots.held.has(label)]).toEqual([1, false]);
    expect(robots.held.size).toBe(2);
  });

  it('later if the issuer fails, with longer and longer pauses, until an event says that it failed for good', async () => {
    const { world, robots, stage, round } = await withRobots();
    await stage();
    await world.application.abandonStagedCredential(aCaller(), PROJECT, ID, { ...UNCHECKED, version: 2 });
    robots.fault = new Error('the issuer is down');
    robots.calls.length = 0;
    const asked: number[] = [];
    for (let minute = 0; minute < 10; minute += 1) {
      const before = robots.calls.length;
      expect(await round()).toBe(0);
      if (robots.calls.length > before) asked.push(minute);
      world.now += 60_000;
    }
    expect(asked).toEqual([0, 1, 3, 7]);
    expect([world.faults.map(String), typesIn(world).slice(-1)]).toEqual([
      ['Error: the issuer is down'],
      ['SuccessorRevocationFailed'],
    ]);
    expect(world.eventsOf('SuccessorRevocationFailed')).toMatchObject([{ data: { reason: 'TRIED_AGAIN' } }]);
    world.now += REVOKED_WITHIN_MS;
    await round();
    expect(world.eventsOf('SuccessorRevocationFailed')).toMatchObject([
      { data: { reason: 'TRIED_AGAIN' } },
      { data: { reason: 'TRIED_TOO_LONG' } },
    ]);
    robots.calls.length = 0;
    world.now += REVOKED_WITHIN_MS;
    await round();
    expect(robots.calls).toEqual([]);
  });

  it('though nobody led for three days: one try that fails is not the last', async () => {
    const { world, robots, abandoned, round } = await withRobots();
    await abandoned();
    world.now += 2 * REVOKED_WITHIN_MS;
    robots.fault = new Error('the issuer is down');
    expect(await round()).toBe(0);
    robots.fault = undefined;
    world.now += 60_000;
    expect([await round(), robots.held.size]).toEqual([1, 0]);
  });

  it('not if the issuer refuses, which an event says at once', async () => {
    const { world, robots, stage, round } = await withRobots();
    await stage();
    await world.application.deleteRegistry(aCaller(), PROJECT, ID, { ...UNCHECKED, force: true });
    robots.fault = new RevocationRefused('not by you');
    await round();
    expect(world.eventsOf('SuccessorRevocationFailed')).toMatchObject([{ data: { reason: 'REFUSED' } }]);
  });
});

describe('an issuer that does not answer', () => {
  afterEach(() => {
    vi.useRealTimers();
  });
  const never = () => new Promise<never>(() => undefined);

  it('holds a registry for a minute, though it does not heed its signal', async () => {
    const { world, robots, stage } = await withRobots();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const asked = new Promise<void>((resolve) => {
      robots.beforeCreating = () => {
        resolve();
        return never();
      };
    });
    const refused = expect(stage()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await asked;
    await vi.advanceTimersByTimeAsync(CREATE_MS);
    await refused;
    robots.beforeCreating = async () => undefined;
    await stage();
    expect(world.eventsOf('CredentialStaged')).toHaveLength(1);
  });

  it.each(['list', 'revoke'] as const)('to %s is tried again later', async (call) => {
    const { world, robots, abandoned, round } = await withRobots();
    await abandoned();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const answer = robots[call];
    const asked = new Promise<void>((resolve) => {
      robots[call] = () => {
        resolve();
        return never();
      };
    });
    const done = round();
    await asked;
    await vi.advanceTimersByTimeAsync(CALL_MS);
    expect(await done).toBe(0);
    expect(world.faults.map(String)).toEqual([`TookTooLong: the issuer robots took longer than ${CALL_MS} ms`]);
    Object.assign(robots, { [call]: answer });
    world.now += 60_000;
    expect(await round()).toBe(1);
  });

  it.each(['list', 'revoke'] as const)('to %s does not hold up a stop, which is no failure', async (call) => {
    const { world, robots, abandoned, round } = await withRobots();
    await abandoned();
    const stopping = new AbortController();
    const answer = robots[call];
    robots[call] = () => {
      stopping.abort();
      return never();
    };
    const before = world.events.length;
    expect(await round(stopping.signal)).toBe(0);
    expect([world.faults, world.events.slice(before)]).toEqual([[], []]);
    Object.assign(robots, { [call]: answer });
    expect(await round()).toBe(1);
  });

  it('is asked for one registry in a round, and another issuer is not kept waiting', async () => {
    const { world, robots, abandoned } = await withRobots();
    await abandoned();
    const other = registryId(PROJECT, 'other.example');
    const create = command.create({ url: 'other.example', password: new Secret(canary('other')) });
    await world.application.createRegistry(aCaller(), PROJECT, create);
    const [quick, slow] = [{ ...createRobots(), name: 'quick' }, robots];
    for (const issuer of [slow, quick]) {
      const { state } = await world.running.stageSuccessor(aCaller(), issuer, {
        projectId: PROJECT,
        registryId: other,
        expectedRevision: undefined,
        idempotent: null,
      });
      const version = state.lastVersion;
      await world.application.abandonStagedCredential(aCaller(), PROJECT, other, { ...UNCHECKED, version });
    }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let asked = 0;
    const hanging = new Promise<void>((resolve) => {
      slow.list = () => {
        asked += 1;
        resolve();
        return never();
      };
    });
    const at = new Date(world.now).toISOString();
    const round = revokeSuccessors({
      ...world.running,
      findWaitingSuccessors: async () => [ID, other].map((id) => ({ projectId: PROJECT, registryId: id, at })),
      issuers: new Map([slow, quick].map((issuer) => [issuer.name, issuer])),
      onFault: (error) => world.faults.push(error),
    })(new AbortController().signal);
    await hanging;
    await vi.advanceTimersByTimeAsync(CALL_MS);
    expect([await round, asked]).toEqual([1, 1]);
    expect(world.eventsOf('SuccessorRevoked')).toMatchObject([{ data: { registryId: other, issuer: 'quick' } }]);
  });
});
