import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RevocationRefused } from '../../../src/application/ports/credential-issuer.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { REQUEST_MS, REVOKED_WITHIN_MS } from '../../../src/domain/successors.ts';
import { canary } from '../../support/canary.ts';
import { ID, UNCHECKED, withRobots } from '../../support/robots.ts';
import { aCaller, command, PROJECT, type World } from '../../support/use-cases.ts';

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
