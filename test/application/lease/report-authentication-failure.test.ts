import { describe, expect, it, vi } from 'vitest';
import { confirmWaitingReports } from '../../../src/application/credential/confirm-waiting-reports.ts';
import type { ReportAuthenticationFailureCommand } from '../../../src/application/lease/report-authentication-failure.ts';
import type { AuthenticationFailureReported, RegistryTested } from '../../../src/domain/events.ts';
import { registryId } from '../../../src/domain/identity.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { createGate } from '../../support/gate.ts';
import { aCaller, command, createWorld, PROJECT, RETRIES, type World } from '../../support/use-cases.ts';

const password = new Secret(canary('reported'));
const ID = registryId(PROJECT, 'registry.example');
const REFUSED = { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' } as const;
const ASKED = { image: 'registry.example/team/app', pipeline: 'build' };

async function withLease(): Promise<{ world: World; leaseId: string }> {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password }));
  const { lease } = await world.application.issueCredential(aCaller(), PROJECT, command.issue(ASKED));
  return { world, leaseId: lease.id };
}

function answerTo(world: World, changes: Partial<ReportAuthenticationFailureCommand>, subject = 'alice') {
  return world.application.reportAuthenticationFailure(aCaller(subject), PROJECT, {
    leaseId: undefined,
    image: undefined,
    pipeline: undefined,
    runId: undefined,
    message: undefined,
    ...changes,
  });
}
/** With its confirmation. */
async function report(...asked: Parameters<typeof answerTo>) {
  const lease = await answerTo(...asked);
  await asked[0].settled();
  return lease;
}
/** A round of the leader, with those that the read models would find. */
async function confirmWaiting(world: World): Promise<void> {
  const waiting = world.eventsOf('AuthenticationFailureReported').filter(({ position, data }) => {
    const { registryId: id, credentialVersion } = data as AuthenticationFailureReported['data'];
    return !testsOf(world).some((test) => {
      const tested = test.data as RegistryTested['data'];
      return test.position > position && tested.registryId === id && tested.credentialVersion === credentialVersion;
    });
  });
  const round = confirmWaitingReports({
    ...world.running,
    findWaitingReports: async () =>
      waiting.map(({ data }) => ({
        projectId: PROJECT,
        ...(data as AuthenticationFailureReported['data']),
        repository: null,
      })),
    onFault: (error) => world.faults.push(error),
  });
  await round(new AbortController().signal);
  await world.settled();
}
const reportsOf = (world: World) => world.eventsOf('AuthenticationFailureReported').map(({ data }) => data);
const testsOf = (world: World) => world.eventsOf('RegistryTested');

describe('a report of a failed login', () => {
  it('is recorded, and confirmed by one login of the service', async () => {
    const { world, leaseId } = await withLease();
    world.probe = REFUSED;
    expect(await report(world, { leaseId, message: ' denied\nby the registry ' })).toMatchObject({ id: leaseId });
    expect(reportsOf(world)).toEqual([
      {
        leaseId,
        registryId: ID,
        url: 'registry.example',
        credentialVersion: 1,
        pipeline: 'build',
        runId: null,
        message: 'denied\nby the registry',
      },
    ]);
    expect(world.probed).toHaveLength(1);
    expect(testsOf(world).map(({ data, metadata }) => [data, metadata.actor])).toMatchObject([
      [{ outcome: 'AUTHENTICATION_FAILED', scheduled: true, credentialVersion: 1 }, 'system:purser'],
    ]);
  });

  it('is answered before the registry has answered the login, and until then nothing is told', async () => {
    const { world, leaseId } = await withLease();
    world.probe = REFUSED;
    const registry = createGate();
    world.whileProbing = registry.pass;
    expect(await answerTo(world, { leaseId })).toMatchObject({ id: leaseId });
    expect([reportsOf(world).length, testsOf(world)]).toEqual([1, []]);
    // Other reports meanwhile, on another replica too, cost no second login.
    const bob = await world.application.issueCredential(aCaller('bob'), PROJECT, command.issue(ASKED));
    const replica = { ...world, application: world.replica() };
    await answerTo(replica, { leaseId: bob.lease.id }, 'bob');
    registry.open();
    await world.settled();
    expect([reportsOf(world).length, world.probed.length]).toEqual([2, 1]);
    expect(testsOf(world).map(({ data }) => data)).toMatchObject([{ ...REFUSED, scheduled: true }]);
  });

  it('waits if too many logins are under way, and is confirmed after them', async () => {
    const world = createWorld();
    const registry = createGate();
    world.whileProbing = registry.pass;
    const leases: string[] = [];
    for (let index = 0; index <= 50; index += 1) {
      const url = `r${index}.example`;
      await world.application.createRegistry(aCaller(), PROJECT, command.create({ url, password }));
      const asked = command.issue({ ...ASKED, image: `${url}/app` });
      leases.push((await world.application.issueCredential(aCaller(), PROJECT, asked)).lease.id);
    }
    for (const leaseId of leases) await answerTo(world, { leaseId });
    await vi.waitFor(() => expect(world.probed).toHaveLength(50));
    await confirmWaiting(world);
    expect([reportsOf(world).length, world.probed.length, world.faults]).toEqual([51, 50, []]);
    registry.open();
    await world.settled();
    await confirmWaiting(world);
    expect(world.probed).toHaveLength(51);
    await confirmWaiting(world);
    expect(world.probed).toHaveLength(51);
  });

  it('finds the lease by what it was asked for with', async () => {
    const { world, leaseId } = await withLease();
    const { lease } = await world.application.issueCredential(
      aCaller(),
      PROJECT,
      command.issue({ ...ASKED, runId: '7' }),
    );
    expect(await report(world, { image: 'https://registry.example', pipeline: 'build' })).toMatchObject({
      id: leaseId,
    });
    expect(await report(world, { ...ASKED, runId: '7' })).toMatchObject({ id: lease.id });
    await expect(report(world, { ...ASKED, runId: '8' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('finds it also if the same subject of another issuer asked for the same later', async () => {
    const { world, leaseId } = await withLease();
    const other = { ...aCaller(), principal: { ...aCaller().principal, issuer: 'https://other.example' } };
    await world.application.issueCredential(other, PROJECT, command.issue(ASKED));
    expect(await report(world, ASKED)).toMatchObject({ id: leaseId });
  });

  it.each([
    ['by nothing', {}, 'leaseId'],
    ['twice', { leaseId: ID, image: 'a.example' }, 'image'],
    ['without its pipeline', { image: 'registry.example' }, 'pipeline'],
    ['with a long message', { leaseId: ID, message: 'x'.repeat(501) }, 'message'],
  ])('that names the lease %s is refused', async (_how, changes, field) => {
    const { world } = await withLease();
    await expect(report(world, changes)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field } });
    expect([reportsOf(world), world.probed]).toEqual([[], []]);
  });

  it("of another caller's lease says that there is none, and costs the registry no login", async () => {
    const { world, leaseId } = await withLease();
    for (const changes of [{ leaseId }, ASKED, { leaseId: 'nonsense' }]) {
      await expect(report(world, changes, 'mallory')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    const sameSubject = { ...aCaller(), principal: { ...aCaller().principal, issuer: 'https://other.example' } };
    const named = { leaseId, image: undefined, pipeline: undefined, runId: undefined, message: undefined };
    await expect(world.application.reportAuthenticationFailure(sameSubject, PROJECT, named)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect([reportsOf(world), world.probed]).toEqual([[], []]);
    expect(world.eventsOf('AccessDenied').map(({ data }) => data)).toMatchObject(
      Array.from({ length: 4 }, () => ({ action: 'REPORT_AUTHENTICATION_FAILURE', code: 'NOT_FOUND' })),
    );
  });

  it('counts once for each caller, and costs the registry one login, in ten minutes', async () => {
    const { world, leaseId } = await withLease();
    for (let time = 0; time < 20; time += 1) await report(world, { leaseId });
    const bob = await world.application.issueCredential(aCaller('bob'), PROJECT, command.issue(ASKED));
    await report(world, { leaseId: bob.lease.id }, 'bob');
    expect([reportsOf(world).length, world.probed.length]).toEqual([2, 1]);
    world.spentTurns.clear();
    await report(world, { leaseId });
    expect([reportsOf(world).length, world.probed.length]).toEqual([3, 2]);
  });

  it('of another version takes a turn for itself', async () => {
    const { world, leaseId } = await withLease();
    await world.application.rotateCredential(aCaller(), PROJECT, ID, command.rotate({ password: new Secret('next') }));
    const { lease } = await world.application.issueCredential(aCaller(), PROJECT, command.issue(ASKED));
    await report(world, { leaseId });
    await report(world, { leaseId: lease.id });
    expect(reportsOf(world)).toMatchObject([{ credentialVersion: 1 }, { credentialVersion: 2 }]);
    expect(world.probed).toHaveLength(1);
  });

  it('of the version after a rotation waits until the registry may be asked again, and is then confirmed', async () => {
    const { world, leaseId } = await withLease();
    await report(world, { leaseId });
    await world.application.rotateCredential(aCaller(), PROJECT, ID, command.rotate({ password: new Secret('next') }));
    world.probe = REFUSED;
    const { lease } = await world.application.issueCredential(aCaller(), PROJECT, command.issue(ASKED));
    for (let time = 0; time < 3; time += 1) {
      await report(world, { leaseId: lease.id });
      await confirmWaiting(world);
    }
    expect([world.probed.length, reportsOf(world).length]).toEqual([1, 2]);
    // Ten minutes later, on whichever replica leads then.
    world.spentTurns.clear();
    await confirmWaiting(world);
    expect(testsOf(world).map(({ data }) => data)).toMatchObject([
      { credentialVersion: 1 },
      { ...REFUSED, credentialVersion: 2, scheduled: true },
    ]);
    world.spentTurns.clear();
    await confirmWaiting(world);
    expect(world.probed).toHaveLength(2);
  });

  it('costs a registry one login in ten minutes, however often it is rotated meanwhile', async () => {
    const { world } = await withLease();
    for (let version = 2; version < 8; version += 1) {
      const next = command.rotate({ password: new Secret(`next ${version}`) });
      await world.application.rotateCredential(aCaller(), PROJECT, ID, next);
      const { lease } = await world.application.issueCredential(aCaller(), PROJECT, command.issue(ASKED));
      await report(world, { leaseId: lease.id });
      await confirmWaiting(world);
    }
    expect([reportsOf(world).length, world.probed.length]).toEqual([6, 1]);
  });

  it.each<[string, (world: World) => void]>([
    ['did not reach the registry', (world) => (world.probe = { outcome: 'UNREACHABLE', login: 'UNKNOWN' })],
    ['could not be made', (world) => (world.whileProbing = () => Promise.reject(new Error('no way out')))],
  ])('is confirmed by a later report of the same caller if the login %s', async (_how, fail) => {
    const { world, leaseId } = await withLease();
    fail(world);
    await report(world, { leaseId });
    world.probe = REFUSED;
    world.whileProbing = async () => undefined;
    await report(world, { leaseId });
    await report(world, { leaseId });
    expect([reportsOf(world).length, world.probed.length]).toEqual([1, 2]);
    expect(testsOf(world).at(-1)?.data).toMatchObject({ ...REFUSED, credentialVersion: 1, scheduled: true });
  });

  it('costs a registry that is not reached no more than some logins in ten minutes', async () => {
    const { world, leaseId } = await withLease();
    world.probe = { outcome: 'UNREACHABLE', login: 'UNKNOWN' };
    for (let time = 0; time < 3 * RETRIES; time += 1) await report(world, { leaseId });
    expect([reportsOf(world).length, world.probed.length]).toEqual([1, 1 + RETRIES]);
  });

  it('keeps its turn if it cannot be recorded', async () => {
    const { world, leaseId } = await withLease();
    let isFull = true;
    const failing = world.replica((log) => ({
      ...log,
      append: (...append) => (isFull ? Promise.reject(new Error('the disk is full')) : log.append(...append)),
    }));
    const again = { ...world, application: failing };
    await expect(report(again, { leaseId })).rejects.toThrow('the disk is full');
    isFull = false;
    await report(again, { leaseId });
    await report(again, { leaseId });
    expect([reportsOf(world).length, world.probed.length]).toEqual([1, 1]);
  });

  it('costs no login if the version was replaced, or if people were told that it is refused', async () => {
    const { world, leaseId } = await withLease();
    world.probe = REFUSED;
    await report(world, { leaseId });
    world.spentTurns.clear();
    await report(world, { leaseId });
    expect(world.probed).toHaveLength(1);
    await world.application.rotateCredential(aCaller(), PROJECT, ID, command.rotate({ password: new Secret('next') }));
    world.spentTurns.clear();
    await report(world, { leaseId, message: 'of a password that is gone' });
    expect(world.probed).toHaveLength(1);
    // Nothing is left to compare it with.
    expect(reportsOf(world)).toMatchObject([{ message: null }, { message: null }, { message: null }]);
  });

  it('is confirmed, and told, if a person saw the refusal first', async () => {
    const { world, leaseId } = await withLease();
    world.probe = REFUSED;
    await world.application.testRegistry(aCaller(), PROJECT, ID, undefined);
    await report(world, { leaseId });
    expect(testsOf(world).map(({ data }) => data)).toMatchObject([
      { scheduled: false },
      { ...REFUSED, scheduled: true },
    ]);
    world.spentTurns.clear();
    await report(world, { leaseId });
    expect(world.probed).toHaveLength(2);
  });

  it.each([
    ['as it is', (secret: string) => `login robot ${secret} failed`],
    ['in a header', (secret: string) => `Basic ${Buffer.from(`ada:${secret}`).toString('base64')}`],
  ])('keeps no message that holds the password %s', async (_how, write) => {
    const { world, leaseId } = await withLease();
    await report(world, { leaseId, message: write(password.reveal()) });
    expect(reportsOf(world)).toMatchObject([{ leaseId, message: null }]);
  });

  it('tries the repository of the lease where the registry asks nobody for a login', async () => {
    const { world, leaseId } = await withLease();
    world.probe = { login: 'UNKNOWN', detail: 'NO_LOGIN_ASKED' };
    await report(world, { leaseId });
    expect(world.probed.map(({ repository }) => repository)).toEqual([null, 'team/app']);
  });

  it('stays recorded if the login cannot be tried', async () => {
    const { world, leaseId } = await withLease();
    world.whileProbing = () => Promise.reject(new Error('no way out'));
    expect(await report(world, { leaseId })).toMatchObject({ id: leaseId });
    expect([reportsOf(world).length, testsOf(world).length, world.faults.length]).toEqual([1, 0, 1]);
  });
});
