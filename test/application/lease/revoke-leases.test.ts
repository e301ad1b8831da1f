import { beforeEach, describe, expect, it } from 'vitest';
import { leaseStream, registryId } from '../../../src/domain/identity.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { doingAfter, doingBefore } from '../../support/doing-meanwhile.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../../support/use-cases.ts';

const ID = registryId(PROJECT, 'registry.example');
const password = new Secret(canary('revoke'));

let world: World;
beforeEach(async () => {
  world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password }));
});

const issue = (input: Parameters<typeof command.issue>[0] = {}, application = world.application) =>
  application.issueCredential(aCaller('ci'), PROJECT, command.issue(input));
const revoke = (application = world.application) => application.revokeLeases(aCaller('ada'), PROJECT, ID);
const ends = () => world.eventsOf('LeaseReleased').map(({ data }) => (data as { reason: string }).reason);

describe('revoking the leases of a registry', () => {
  it('ends each of them once, and says by whom', async () => {
    for (const runId of ['1', '2', '3']) await issue({ runId });
    const released = await issue({ runId: '4' });
    await world.application.releaseLease(aCaller('ci'), PROJECT, released.lease.id);
    expect(await revoke()).toMatchObject({ revoked: 3, registry: { id: ID } });
    expect(ends()).toEqual(['RELEASED', 'REVOKED', 'REVOKED', 'REVOKED']);
    expect(world.eventsOf('LeaseReleased').map(({ metadata }) => metadata.actor)).toEqual(['ci', 'ada', 'ada', 'ada']);
    expect(world.eventsOf('LeasesRevoked').map(({ data }) => data)).toEqual([{ registryId: ID, activeLeases: 3 }]);
    expect(await revoke()).toMatchObject({ revoked: 0 });
    const remove = { force: false, expectedRevision: undefined, idempotencyKey: undefined };
    expect(await world.application.deleteRegistry(aCaller(), PROJECT, ID, remove)).toMatchObject({ deletedId: ID });
  });

  it('gives the run a new lease afterwards', async () => {
    const first = await issue({ runId: '1' });
    await revoke();
    const second = await issue({ runId: '1' });
    expect(second.lease.id).not.toBe(first.lease.id);
    expect(second.lease.releasedAt).toBeNull();
  });

  it.each([
    ['after', doingBefore, 'WITHDRAWN'],
    ['before', doingAfter, 'REVOKED'],
  ] as const)('leaves no lease active that was decided before it and recorded %s it', async (_when, doing, reason) => {
    const meanwhile = doing(
      (stream) => stream.startsWith('lease-'),
      () => revoke(),
    );
    const { lease } = await issue({}, world.replica(meanwhile));
    expect(ends()).toEqual([reason]);
    const [first, second] = world.eventsOf('CredentialIssued').map(({ stream }) => stream);
    expect(second).toBe(leaseStream(PROJECT, lease.id));
    expect(world.eventsOf('LeaseReleased').map(({ stream }) => stream)).toEqual([first]);
  });

  it('is noticed by an ask that gives a lease again at that moment', async () => {
    await issue({ runId: '1' });
    const meanwhile = doingBefore(
      (stream) => stream.startsWith('lease-') || stream.startsWith('reissue-'),
      () => revoke(),
    );
    const { lease } = await issue({ runId: '1' }, world.replica(meanwhile));
    expect(ends()).toEqual(['REVOKED']);
    expect(world.eventsOf('CredentialIssued').at(-1)?.stream).toBe(leaseStream(PROJECT, lease.id));
    expect(world.eventsOf('CredentialIssued')).toHaveLength(2);
  });

  it('ends the rest if it is repeated after it died midway', async () => {
    for (const runId of ['1', '2', '3']) await issue({ runId });
    let appends = 0;
    const dying = world.replica((log) => ({
      ...log,
      append(stream, ...rest) {
        if (stream.startsWith('lease-')) appends += 1;
        return appends > 1 ? Promise.reject(new Error('died')) : log.append(stream, ...rest);
      },
    }));
    await expect(revoke(dying)).rejects.toThrow('died');
    expect(ends()).toEqual(['REVOKED']);
    expect(await revoke()).toMatchObject({ revoked: 2 });
    expect(ends()).toHaveLength(3);
  });
});
