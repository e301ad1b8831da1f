import { describe, expect, it } from 'vitest';
import type { EventLog } from '../../../src/application/ports/event-log.ts';
import { EventLogUnavailable } from '../../../src/domain/errors.ts';
import {
  idempotencyId,
  idempotencyStream,
  leaseStream,
  registryId,
  registryStream,
} from '../../../src/domain/identity.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../../support/use-cases.ts';

const REUSED = { code: 'IDEMPOTENCY_KEY_REUSED', details: { field: 'idempotencyKey' } };
const password = new Secret(canary('password'));
const other = new Secret(canary('other'));
const ID = registryId(PROJECT, 'registry.example');
const create = (changes: Partial<Parameters<typeof command.create>[0]> = {}) =>
  command.create({ password, idempotencyKey: 'k', ...changes });

/** The log dies before the first append to a matching stream, so its outcome is unknown. */
function dyingBefore(isMeant: (stream: string) => boolean): (log: EventLog) => EventLog {
  let isAlive = true;
  return (log) => ({
    ...log,
    async append(stream, expected, events) {
      if (isAlive && isMeant(stream)) {
        isAlive = false;
        throw new EventLogUnavailable('The log does not answer.');
      }
      return log.append(stream, expected, events);
    },
  });
}

async function withRegistry(): Promise<World> {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password }));
  return world;
}

describe('a key', () => {
  it('is claimed once, in its own stream, by the first request that has it', async () => {
    const world = createWorld();
    const { application } = world;
    const first = await application.createRegistry(aCaller(), PROJECT, create());
    expect(await application.createRegistry(aCaller(), PROJECT, create())).toEqual(first);
    const key = { projectId: PROJECT, issuer: 'https://issuer.example', subject: 'alice', idempotencyKey: 'k' };
    expect(world.events).toMatchObject([
      {
        type: 'IdempotencyKeyClaimed',
        stream: idempotencyStream(idempotencyId(key)),
        revision: 0,
        data: { operation: 'createRegistry', target: registryStream(PROJECT, ID) },
      },
      { type: 'RegistryCreated', metadata: { idempotencyId: idempotencyId(key) } },
    ]);
    expect(world.secretStates()).toEqual(['current']);
  });

  it.each<[string, (world: World) => Promise<unknown>]>([
    ['input', ({ application }) => application.createRegistry(aCaller(), PROJECT, create({ name: 'x' }))],
    ['secret', ({ application }) => application.createRegistry(aCaller(), PROJECT, create({ password: other }))],
    ['registry', ({ application }) => application.createRegistry(aCaller(), PROJECT, create({ url: 'b.example' }))],
    [
      'operation',
      ({ application }) =>
        application.updateRegistry(aCaller(), PROJECT, ID, command.update({ name: 'x', idempotencyKey: 'k' })),
    ],
    [
      'kind of stream',
      ({ application }) => application.issueCredential(aCaller(), PROJECT, command.issue({ idempotencyKey: 'k' })),
    ],
  ])('is refused with another %s', async (_what, repeat) => {
    const world = createWorld();
    await world.application.createRegistry(aCaller(), PROJECT, create());
    await expect(repeat(world)).rejects.toMatchObject(REUSED);
    expect(world.eventsOf('RegistryCreated')).toHaveLength(1);
    expect(world.secretStates().filter((state) => state === 'pending')).toEqual([]);
  });

  it('is a different one for another caller and in another project', async () => {
    const world = createWorld();
    await world.application.createRegistry(aCaller(), PROJECT, create());
    await world.application.createRegistry(aCaller(), 'elsewhere', create({ name: 'x' }));
    const byBob = world.application.createRegistry(aCaller('bob'), PROJECT, create());
    await expect(byBob).rejects.toMatchObject({ code: 'REGISTRY_ALREADY_EXISTS' });
  });

  it('stays free if the command was refused', async () => {
    const world = await withRegistry();
    const refused = world.application.createRegistry(aCaller(), PROJECT, create());
    await expect(refused).rejects.toMatchObject({ code: 'REGISTRY_ALREADY_EXISTS' });
    expect(world.eventsOf('IdempotencyKeyClaimed')).toEqual([]);
    await world.application.createRegistry(aCaller(), PROJECT, create({ url: 'b.example' }));
  });
});

describe('a crash between the claim and the event', () => {
  it('is completed by the same request', async () => {
    const world = createWorld();
    const log = dyingBefore((stream) => stream.startsWith('registry-'));
    const crashed = world.replica(log).createRegistry(aCaller(), PROJECT, create());
    await expect(crashed).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(world.events.map(({ type }) => type)).toContain('IdempotencyKeyClaimed');
    expect(world.eventsOf('RegistryCreated')).toEqual([]);

    const created = await world.application.createRegistry(aCaller(), PROJECT, create());
    expect(created).toMatchObject({ id: ID, revision: 0 });
    expect(await world.application.createRegistry(aCaller(), PROJECT, create())).toEqual(created);
    expect(world.eventsOf('RegistryCreated')).toHaveLength(1);
    expect(world.eventsOf('IdempotencyKeyClaimed')).toHaveLength(1);
  });

  it('keeps the key from another request', async () => {
    const world = createWorld();
    const log = dyingBefore((stream) => stream.startsWith('registry-'));
    await expect(world.replica(log).createRegistry(aCaller(), PROJECT, create())).rejects.toThrow();
    const another = world.application.createRegistry(aCaller(), PROJECT, create({ name: 'x' }));
    await expect(another).rejects.toMatchObject(REUSED);
  });

  it('is completed by the same issue, under the lease that the key gives', async () => {
    const world = await withRegistry();
    const issue = () => command.issue({ idempotencyKey: 'k' });
    const log = dyingBefore((stream) => stream.startsWith('lease-'));
    await expect(world.replica(log).issueCredential(aCaller(), PROJECT, issue())).rejects.toThrow();
    expect(world.eventsOf('IdempotencyKeyClaimed')).toHaveLength(1);
    const { lease } = await world.application.issueCredential(aCaller(), PROJECT, issue());
    expect(world.eventsOf('IdempotencyKeyClaimed')[0]?.data).toMatchObject({ target: leaseStream(PROJECT, lease.id) });
    expect((await world.application.issueCredential(aCaller(), PROJECT, issue())).lease).toEqual(lease);
    expect(world.eventsOf('CredentialIssued')).toHaveLength(1);
  });
});

describe('requests with one key at the same time', () => {
  it('on two replicas make one event and get one answer', async () => {
    const world = createWorld();
    const replicas = [world.replica(), world.replica()];
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, caller) => replicas[caller % 2]?.createRegistry(aCaller(), PROJECT, create())),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(world.events.map(({ type }) => type)).toEqual(['IdempotencyKeyClaimed', 'RegistryCreated']);
    expect(world.secretStates().filter((state) => state !== 'destroyed')).toEqual(['current']);
  });

  it('of which one lands between two reads of another get one answer', async () => {
    const world = createWorld();
    let landed: Promise<unknown> | undefined;
    const another = world.replica((log) => ({
      ...log,
      async readStream(...asked) {
        const events = await log.readStream(...asked);
        landed ??= world.application.createRegistry(aCaller(), PROJECT, create());
        await landed;
        return events;
      },
    }));
    const answer = await another.createRegistry(aCaller(), PROJECT, create());
    expect(answer).toEqual(await landed);
    expect(world.events.map(({ type }) => type)).toEqual(['IdempotencyKeyClaimed', 'RegistryCreated']);
  });

  it('but different input: one is done and the others are refused', async () => {
    const world = await withRegistry();
    const replicas = [world.replica(), world.replica()];
    const settled = await Promise.allSettled(
      ['x', 'y'].map((name, caller) =>
        replicas[caller]?.updateRegistry(aCaller(), PROJECT, ID, command.update({ name, idempotencyKey: 'k' })),
      ),
    );
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: REUSED });
    expect(world.eventsOf('RegistryUpdated')).toHaveLength(1);
  });

  it('issue one lease', async () => {
    const world = await withRegistry();
    const replicas = [world.replica(), world.replica()];
    const issued = await Promise.all(
      Array.from({ length: 10 }, (_, caller) =>
        replicas[caller % 2]?.issueCredential(aCaller(), PROJECT, command.issue({ idempotencyKey: 'k' })),
      ),
    );
    expect(new Set(issued.map((answer) => answer?.lease.id)).size).toBe(1);
    expect(world.eventsOf('CredentialIssued')).toHaveLength(1);
    expect(world.eventsOf('CredentialIssuedAgain')).toHaveLength(9);
  });

  it('but different secrets: one is stored and the other is refused', async () => {
    const world = await withRegistry();
    const replicas = [world.replica(), world.replica()];
    const settled = await Promise.allSettled(
      [password, other].map((secret, caller) =>
        replicas[caller]?.rotateCredential(
          aCaller(),
          PROJECT,
          ID,
          command.rotate({ password: secret, idempotencyKey: 'k' }),
        ),
      ),
    );
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: REUSED });
    expect(world.eventsOf('CredentialRotated')).toHaveLength(1);
  });
});

describe('a registry that was deleted and created again', () => {
  it('repeats the answer of the first one, and leaves the second alone', async () => {
    const world = await withRegistry();
    const { application } = world;
    const rotate = () => command.rotate({ password: other, idempotencyKey: 'k' });
    const rotated = await application.rotateCredential(aCaller(), PROJECT, ID, rotate());
    await application.deleteRegistry(aCaller(), PROJECT, ID, {
      force: false,
      expectedRevision: undefined,
      idempotencyKey: undefined,
    });
    await application.createRegistry(aCaller(), PROJECT, command.create({ password }));
    const before = world.events.length;
    const repeated = await application.rotateCredential(aCaller(), PROJECT, ID, rotate());
    expect(repeated).toEqual({ ...rotated, health: null });
    expect(world.events).toHaveLength(before);
    expect((await application.issueCredential(aCaller(), PROJECT, command.issue())).password.reveal()).toBe(
      password.reveal(),
    );
  });
});
