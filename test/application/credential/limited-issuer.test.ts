import { afterEach, describe, expect, it, vi } from 'vitest';
import { CALL_MS, CREATE_MS } from '../../../src/application/credential/limited-issuer.ts';
import { revokeSuccessors } from '../../../src/application/registry/revoke-successors.ts';
import { registryId } from '../../../src/domain/identity.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { createRobots, ID, UNCHECKED, withRobots } from '../../support/robots.ts';
import { aCaller, command, PROJECT } from '../../support/use-cases.ts';

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
