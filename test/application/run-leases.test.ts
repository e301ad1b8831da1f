import { describe, expect, it } from 'vitest';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import { registryId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { canary } from '../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../support/use-cases.ts';

const [password, other] = [new Secret(canary('password')), new Secret(canary('other'))];
const ID = registryId(PROJECT, 'registry.example');

async function withRegistry(): Promise<World> {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password }));
  return world;
}

const ofRun = (changes: Partial<Parameters<typeof command.issue>[0]> = {}) =>
  command.issue({ runId: '1742', ...changes });
const leaseIds = (world: World) => new Set(world.eventsOf('CredentialIssued').map(({ stream }) => stream));

/** A replica on which the lease is released just before a repeated hand-out is recorded. */
function releasingBeforeRecord(world: World, leaseId: string) {
  let released = false;
  const application = world.replica((log) => ({
    ...log,
    async append(stream, expected, events) {
      if (!released && events.some(({ event }) => event.type === 'CredentialIssuedAgain')) {
        released = true;
        await world.application.releaseLease(aCaller(), PROJECT, leaseId);
      }
      return log.append(stream, expected, events);
    },
  }));
  return { application, released: () => released };
}

describe('a run that asks again', () => {
  it('gets its lease while it lasts, for any image of the registry, and each time is recorded', async () => {
    const world = await withRegistry();
    const issue = (image: string) =>
      world.application.issueCredential(aCaller(), PROJECT, ofRun({ image: `registry.example/${image}` }));
    const first = await issue('base:1');
    world.now += 1_000_000;
    const [second, third] = [await issue('app:1'), await issue('base:1')];
    expect([second.lease, third.lease]).toEqual([first.lease, first.lease]);
    expect(second.password.reveal()).toBe(password.reveal());
    expect(leaseIds(world).size).toBe(1);
    expect(world.eventsOf('CredentialIssuedAgain').map(({ data }) => data)).toMatchObject([
      { leaseId: first.lease.id, image: 'registry.example/app:1', pipeline: 'build', credentialVersion: 1 },
      { leaseId: first.lease.id, image: 'registry.example/base:1' },
    ]);
  });

  it('at once, on any replicas, gets one lease', async () => {
    const world = await withRegistry();
    const replicas = Array.from({ length: 4 }, () => world.replica());
    const issued = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => replicas[n % 4]?.issueCredential(aCaller(), PROJECT, ofRun())),
    );
    expect(new Set(issued.map((one) => one?.lease.id)).size).toBe(1);
    expect([leaseIds(world).size, world.eventsOf('CredentialIssuedAgain').length]).toEqual([1, 999]);
  });

  it('gets another one if the lease has ended, was released, or the credential was rotated', async () => {
    const world = await withRegistry();
    const { application } = world;
    const issue = async () =>
      (await application.issueCredential(aCaller(), PROJECT, ofRun({ ttlSeconds: 60 }))).lease.id;
    const ids = [await issue()];
    world.now += 60_000;
    ids.push(await issue());
    await application.releaseLease(aCaller(), PROJECT, ids[1] ?? '');
    ids.push(await issue());
    await application.rotateCredential(aCaller(), PROJECT, ID, command.rotate({ password: other }));
    const issued = await application.issueCredential(aCaller(), PROJECT, ofRun());
    expect([issued.password.reveal(), issued.lease.credentialVersion]).toEqual([other.reveal(), 2]);
    expect(new Set([...ids, issued.lease.id]).size).toBe(4);
    expect(world.eventsOf('CredentialIssuedAgain')).toEqual([]);
  });

  it.each<[string, Parameters<typeof ofRun>[0], string]>([
    ['no run', { runId: undefined }, 'alice'],
    ['another run', { runId: '1743' }, 'alice'],
    ['another pipeline', { pipeline: 'deploy' }, 'alice'],
    ['another purpose', { purpose: 'PUSH' }, 'alice'],
    ['another caller', {}, 'bob'],
  ])('with %s does not share the lease', async (_, changes, subject) => {
    const world = await withRegistry();
    await world.application.issueCredential(aCaller(), PROJECT, ofRun());
    await world.application.issueCredential(aCaller(subject), PROJECT, ofRun(changes));
    expect(leaseIds(world).size).toBe(2);
  });

  it('without a run never shares one', async () => {
    const world = await withRegistry();
    for (let n = 0; n < 3; n += 1) await world.application.issueCredential(aCaller(), PROJECT, command.issue());
    expect(leaseIds(world).size).toBe(3);
  });

  it('with a new idempotency key each time, as the credential helper does, still gets its lease', async () => {
    const world = await withRegistry();
    const issue = (idempotencyKey: string, image = 'registry.example/a') =>
      world.application.issueCredential(aCaller(), PROJECT, ofRun({ idempotencyKey, image }));
    const ids = [await issue('one'), await issue('two'), await issue('two')].map(({ lease }) => lease.id);
    expect(new Set(ids).size).toBe(1);
    await expect(issue('two', 'registry.example/b')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it.each([
    ['the second', 1],
    ['the third', 2],
  ])('gets another one if the lease is released while %s hand-out is recorded', async (_which, handOuts) => {
    const world = await withRegistry();
    let held = '';
    for (let n = 0; n < handOuts; n += 1) {
      held = (await world.application.issueCredential(aCaller(), PROJECT, ofRun())).lease.id;
    }
    const { application, released } = releasingBeforeRecord(world, held);
    const { lease } = await application.issueCredential(aCaller(), PROJECT, ofRun());
    expect([released(), lease.releasedAt, lease.id === held]).toEqual([true, null, false]);
  });

  it('can release its lease while the password is given out again', async () => {
    const world = await withRegistry();
    const { lease } = await world.application.issueCredential(aCaller(), PROJECT, ofRun());
    let isFirst = true;
    const between = (log: EventLog): EventLog => ({
      ...log,
      async append(stream, expected, events) {
        if (isFirst) {
          isFirst = false;
          await world.application.issueCredential(aCaller(), PROJECT, ofRun());
        }
        return log.append(stream, expected, events);
      },
    });
    const { releasedAt } = await world.replica(between).releaseLease(aCaller(), PROJECT, lease.id);
    expect([isFirst, releasedAt === null]).toEqual([false, false]);
  });

  it('gets no secret if the record of it cannot be written', async () => {
    const world = await withRegistry();
    await world.application.issueCredential(aCaller(), PROJECT, ofRun());
    const failing = world.replica((log) => ({
      ...log,
      async append(stream, expected, events) {
        if (events.some(({ event }) => event.type === 'CredentialIssuedAgain')) throw new Error('not written');
        return log.append(stream, expected, events);
      },
    }));
    await expect(failing.issueCredential(aCaller(), PROJECT, ofRun())).rejects.toThrow('not written');
  });
});

describe('a repeated request', () => {
  it.each<[string, Parameters<typeof command.update>[0], string]>([
    ['is for pulling only by now', { access: 'PULL' }, 'FORBIDDEN'],
    ['has expired by now', { expiresAt: '2026-03-01T12:00:00.000Z' }, 'CREDENTIAL_UNAVAILABLE'],
  ])('gets nothing more of a credential that %s', async (_, changes, code) => {
    const world = await withRegistry();
    const ask = command.issue({ idempotencyKey: 'once', purpose: 'PUSH' });
    await world.application.issueCredential(aCaller(), PROJECT, ask);
    world.now += 1_000;
    await world.application.updateRegistry(aCaller(), PROJECT, ID, command.update(changes));
    await expect(world.application.issueCredential(aCaller(), PROJECT, ask)).rejects.toMatchObject({ code });
    expect(world.eventsOf('CredentialIssuedAgain')).toEqual([]);
  });

  it.each([
    ['the second', 1],
    ['the third', 2],
  ])('gets nothing if its lease is released while %s hand-out is recorded', async (_which, handOuts) => {
    const world = await withRegistry();
    const ask = command.issue({ idempotencyKey: 'once' });
    let held = '';
    for (let n = 0; n < handOuts; n += 1) {
      held = (await world.application.issueCredential(aCaller(), PROJECT, ask)).lease.id;
    }
    const { application, released } = releasingBeforeRecord(world, held);
    await expect(application.issueCredential(aCaller(), PROJECT, ask)).rejects.toMatchObject({
      code: 'CREDENTIAL_UNAVAILABLE',
      message: expect.stringContaining('has ended'),
    });
    expect([released(), leaseIds(world).size]).toEqual([true, 1]);
  });

  it('leaves a record each time, under one lease', async () => {
    const world = await withRegistry();
    const ask = command.issue({ idempotencyKey: 'once' });
    const ids = [];
    for (let n = 0; n < 51; n += 1) {
      ids.push((await world.application.issueCredential(aCaller(), PROJECT, ask)).lease.id);
    }
    expect(new Set(ids).size).toBe(1);
    expect([leaseIds(world).size, world.eventsOf('CredentialIssuedAgain').length]).toEqual([1, 50]);
  });
});
