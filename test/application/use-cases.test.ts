import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RETRY_AFTER_MS } from '../../src/application/credential/minted-passwords.ts';
import type { RequestContext } from '../../src/application/request-context.ts';
import type { MintConfig } from '../../src/domain/credential.ts';
import { EventLogUnavailable, type PurserError } from '../../src/domain/errors.ts';
import { leaseStream, registryId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { ECR, ECR_MINT } from '../support/amazon-mint.ts';
import { canary } from '../support/canary.ts';
import { doingAfter } from '../support/doing-meanwhile.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../support/use-cases.ts';

const [password, other] = [new Secret(canary('password')), new Secret(canary('other'))];
const ID = registryId(PROJECT, 'registry.example');
const DELETE = { force: false, expectedRevision: undefined, idempotencyKey: undefined };

async function withRegistry(changes: Partial<Parameters<typeof command.create>[0]> = {}): Promise<World> {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password, ...changes }));
  return world;
}

describe('changes of one registry', () => {
  it('by several replicas at once are all made, one after the other, and secrets sealed by losing attempts are discarded', async () => {
    const world = await withRegistry();
    const replicas = Array.from({ length: 4 }, () => world.replica());
    const rotated = await Promise.all(
      replicas.map((replica) => replica.rotateCredential(aCaller(), PROJECT, ID, command.rotate({ password: other }))),
    );
    expect(rotated.map(({ revision }) => revision).sort()).toEqual([1, 2, 3, 4]);
    expect(rotated.map(({ credential }) => credential.version).sort()).toEqual([2, 3, 4, 5]);
    const states = world.secretStates();
    expect(states.length).toBeGreaterThan(5);
    expect(states.filter((state) => state !== 'destroyed')).toEqual(['current']);
  });

  it('are refused if the caller saw another revision', async () => {
    const { application } = await withRegistry();
    const update = (expectedRevision: number) =>
      application.updateRegistry(
        aCaller(),
        PROJECT,
        ID,
        command.update({ name: `n${expectedRevision}`, expectedRevision }),
      );
    await expect(update(5)).rejects.toMatchObject({ code: 'REVISION_CONFLICT' });
    expect((await update(0)).revision).toBe(1);
  });

  it('of another project, or of a registry that never existed, find nothing', async () => {
    const { application } = await withRegistry();
    const notFound = { code: 'NOT_FOUND' };
    const update = command.update({ name: 'x' });
    await expect(application.updateRegistry(aCaller(), 'elsewhere', ID, update)).rejects.toMatchObject(notFound);
    await expect(application.updateRegistry(aCaller(), PROJECT, 'x', update)).rejects.toMatchObject(notFound);
  });
});

describe('a rotation', () => {
  it('gives its password to the next lease and destroys the old one', async () => {
    const world = await withRegistry();
    const { application } = world;
    const view = await application.rotateCredential(aCaller(), PROJECT, ID, command.rotate({ password: other }));
    expect(view.credential.version).toBe(2);
    expect(world.secretStates()).toEqual(['destroyed', 'current']);
    const issued = await application.issueCredential(aCaller(), PROJECT, command.issue());
    expect([issued.password.reveal(), issued.lease.credentialVersion]).toEqual([other.reveal(), 2]);
  });

  it('is refused while leases are active, if the caller wants that', async () => {
    const { application } = await withRegistry();
    await application.issueCredential(aCaller(), PROJECT, command.issue());
    const careful = command.rotate({ password: other, whenInUse: 'REFUSE' });
    const refused = application.rotateCredential(aCaller(), PROJECT, ID, careful);
    await expect(refused).rejects.toMatchObject({ code: 'REGISTRY_IN_USE' });
  });
});

describe('a creation', () => {
  it.each<[string, Partial<Parameters<typeof command.create>[0]>, string, string]>([
    ['no user name', { username: undefined, password }, 'username', 'Enter the user name.'],
    ['a blank user name', { username: ' ', password }, 'username', 'Enter the user name.'],
    ['no password', { password: null }, 'password', 'Enter the password or token.'],
    ['a blank password', { password: new Secret(' ') }, 'password', 'Enter the password or token.'],
    ['only `mint`', { url: ECR, username: null, password: null, mint: ECR_MINT }, 'username', 'an access key id'],
    ['no secret beside `mint`', { url: ECR, password: null, mint: ECR_MINT }, 'password', 'an access key id'],
  ])('with %s is refused, with the field and the fix, and stores nothing', async (_what, changes, field, fix) => {
    const world = createWorld();
    const created = command.create({ password: undefined, ...changes });
    await expect(world.application.createRegistry(aCaller(), PROJECT, created)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field },
      message: expect.stringContaining(fix),
    });
    expect(world.secretStates()).toEqual([]);
    expect(world.eventsOf('AccessDenied')).toMatchObject([{ data: { code: 'BAD_USER_INPUT', field } }]);
  });
});

describe('an update', () => {
  it('of only the username keeps the password, sealed again as another version', async () => {
    const world = await withRegistry();
    const { application } = world;
    const rename = command.update({ username: 'grace' });
    const view = await application.updateRegistry(aCaller(), PROJECT, ID, rename);
    expect([view.username, view.credential.version]).toEqual(['grace', 2]);
    const { username, password: given } = await application.issueCredential(aCaller(), PROJECT, command.issue());
    expect([username, given.reveal()]).toEqual(['grace', password.reveal()]);
    expect(world.secretStates()).toEqual(['destroyed', 'current']);
  });

  it('with a blank password keeps the stored one, and makes no event if nothing changes', async () => {
    const world = await withRegistry();
    const blank = command.update({ password: new Secret(' ') });
    expect((await world.application.updateRegistry(aCaller(), PROJECT, ID, blank)).revision).toBe(0);
    expect(world.events).toHaveLength(1);
  });
});

describe('a lease', () => {
  it('is withdrawn and issued again if the credential was replaced meanwhile', async () => {
    const world = await withRegistry();
    const { application } = world;
    const rotateMeanwhile = doingAfter(
      (stream) => stream.startsWith('lease-'),
      () => application.rotateCredential(aCaller('bob'), PROJECT, ID, command.rotate({ password: other })),
    );
    const issued = await world.replica(rotateMeanwhile).issueCredential(aCaller(), PROJECT, command.issue());
    expect([issued.password.reveal(), issued.lease.credentialVersion]).toEqual([other.reveal(), 2]);
    const [first, second] = world.eventsOf('CredentialIssued');
    expect(second?.stream).toBe(leaseStream(PROJECT, issued.lease.id));
    expect(world.eventsOf('LeaseReleased').map(({ stream }) => stream)).toEqual([first?.stream]);
  });

  it('gives no secret if the registry was deleted meanwhile', async () => {
    const world = await withRegistry();
    const { application } = world;
    const deleteMeanwhile = doingAfter(
      (stream) => stream.startsWith('lease-'),
      () => application.deleteRegistry(aCaller('bob'), PROJECT, ID, { ...DELETE, force: true }),
    );
    const issued = world.replica(deleteMeanwhile).issueCredential(aCaller(), PROJECT, command.issue());
    await expect(issued).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(world.eventsOf('LeaseReleased')).toHaveLength(1);
  });

  it('is released once, however often that is requested, and only by its project', async () => {
    const world = await withRegistry();
    const { application } = world;
    const { lease } = await application.issueCredential(aCaller(), PROJECT, command.issue());
    await expect(application.releaseLease(aCaller(), 'elsewhere', lease.id)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const replicas = [application, world.replica()];
    const released = await Promise.all(replicas.map((one) => one.releaseLease(aCaller(), PROJECT, lease.id)));
    released.push(await application.releaseLease(aCaller(), PROJECT, lease.id.toUpperCase()));
    expect(new Set(released.map(({ releasedAt }) => releasedAt)).size).toBe(1);
    expect(world.eventsOf('LeaseReleased')).toHaveLength(1);
  });

  it('is released by the caller that it was issued to, and is to all others as if it did not exist', async () => {
    const world = await withRegistry();
    const { application } = world;
    const { lease } = await application.issueCredential(aCaller(), PROJECT, command.issue({ runId: '7' }));
    const faultOf = (context: RequestContext, id: string) =>
      application.releaseLease(context, PROJECT, id).catch((error: PurserError) => ({ ...error, text: error.message }));
    const ofOtherIssuer = { ...aCaller(), principal: { ...aCaller().principal, issuer: 'https://other.example' } };
    const unknown = await faultOf(aCaller(), randomUUID());
    expect(unknown).toMatchObject({ code: 'NOT_FOUND' });
    for (const other of [aCaller('mallory'), ofOtherIssuer]) expect(await faultOf(other, lease.id)).toEqual(unknown);
    expect(world.eventsOf('LeaseReleased')).toEqual([]);
    const read = world.eventsOf('AccessDenied').map(({ data }) => data);
    expect(read).toMatchObject(Array.from({ length: 3 }, () => ({ action: 'RELEASE_LEASE', code: 'NOT_FOUND' })));
    await application.releaseLease(aCaller(), PROJECT, lease.id);
    // Ended, it is still nobody else's.
    expect(await faultOf(aCaller('mallory'), lease.id)).toEqual(unknown);
  });

  it('prevents the deletion of its registry until it ends, unless that is forced', async () => {
    const world = await withRegistry();
    const { application } = world;
    const issue = () => application.issueCredential(aCaller(), PROJECT, command.issue({ ttlSeconds: 60 }));
    const remove = (force = false) => application.deleteRegistry(aCaller(), PROJECT, ID, { ...DELETE, force });
    await issue();
    await expect(remove()).rejects.toMatchObject({ code: 'REGISTRY_IN_USE', details: { activeLeases: 1 } });
    world.now += 60_000;
    expect(await remove()).toEqual({ deletedId: ID, url: 'registry.example' });
    await application.createRegistry(aCaller(), PROJECT, command.create({ password }));
    await issue();
    await remove(true);
    expect(world.secretStates()).toEqual(['destroyed', 'destroyed']);
    expect(world.eventsOf('RegistryDeleted').map(({ data }) => data)).toMatchObject([
      { forced: false, activeLeases: 0 },
      { forced: true, activeLeases: 1 },
    ]);
  });
});

describe('a minted password', () => {
  const mint: MintConfig = {
    kind: 'AMAZON_ECR',
    roleArn: null,
    externalId: null,
    tenantId: null,
    installationId: null,
    apiUrl: null,
  };
  const url = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
  const issue = ({ application }: World) =>
    application.issueCredential(aCaller(), PROJECT, command.issue({ image: `${url}/app` }));
  const withMint = () =>
    withRegistry({ url, username: 'AKIAIOSFODNN7EXAMPLE', password: new Secret('x'.repeat(40)), mint });

  it('is given with a lease, then the same one again, and a new one before it expires', async () => {
    const world = await withMint();
    const [first, second] = [await issue(world), await issue(world)];
    expect([first.password.reveal(), second.password.reveal()]).toEqual(['minted 1', 'minted 1']);
    expect(first).toMatchObject({ username: 'minted', expirySource: 'MINTED' });
    expect(first.lease.id).not.toBe(second.lease.id);
    world.now += 3_000_000;
    expect((await issue(world)).password.reveal()).toBe('minted 2');
  });

  it('outlasts each lease, because a new one is made if the kept one would not', async () => {
    const world = await withMint();
    const asked = command.issue({ image: `${url}/app`, ttlSeconds: 3600 });
    const first = await world.application.issueCredential(aCaller(), PROJECT, asked);
    world.now += 44 * 60_000;
    const second = await world.application.issueCredential(aCaller(), PROJECT, asked);
    expect([first, second].map(({ password: minted }) => minted.reveal())).toEqual(['minted 1', 'minted 2']);
    expect(Date.parse(second.expiresAt ?? '') - world.now).toBe(3_600_000);
  });

  it('that is left when the cloud does not answer ends the lease with it', async () => {
    const world = await withMint();
    const asked = command.issue({ image: `${url}/app`, ttlSeconds: 3600 });
    await world.application.issueCredential(aCaller(), PROJECT, asked);
    world.now += 44 * 60_000;
    world.cloud = 'UNREACHABLE';
    const { password: kept, expiresAt, lease } = await world.application.issueCredential(aCaller(), PROJECT, asked);
    expect(kept.reveal()).toBe('minted 1');
    expect(Date.parse(lease.expiresAt) - world.now).toBe(16 * 60_000);
    expect(lease.expiresAt).toBe(expiresAt);
  });

  it('that a cloud refuses leaves no lease, and is requested again after a moment', async () => {
    const world = await withMint();
    world.cloud = 'THROTTLED';
    await expect(issue(world)).rejects.toMatchObject({ code: 'CREDENTIAL_UNAVAILABLE' });
    world.cloud = 'well';
    await expect(issue(world)).rejects.toMatchObject({ code: 'CREDENTIAL_UNAVAILABLE' });
    expect([world.minted.length, world.eventsOf('CredentialIssued').length]).toEqual([1, 0]);
    world.now += RETRY_AFTER_MS;
    expect((await issue(world)).password.reveal()).toBe('minted 2');
  });
});

describe('verification', () => {
  it('without a proved login stores nothing', async () => {
    const world = createWorld();
    world.probe = { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' };
    const created = world.application.createRegistry(aCaller(), PROJECT, command.create({ password, verify: true }));
    await expect(created).rejects.toMatchObject({
      code: 'VERIFICATION_FAILED',
      details: { outcome: 'AUTHENTICATION_FAILED' },
    });
    expect([world.secretStates(), world.eventsOf('RegistryCreated')]).toEqual([[], []]);
  });

  it('with a proved login is recorded with the registry, and runs once even if the log changed meanwhile', async () => {
    const world = await withRegistry();
    const update = command.update({ username: 'grace', verify: true });
    const replicas = [world.replica(), world.replica()];
    const views = await Promise.all(replicas.map((one) => one.updateRegistry(aCaller(), PROJECT, ID, update)));
    for (const { health } of views) expect(health).toMatchObject({ outcome: 'OK', login: 'PROVED' });
    expect(world.probed).toHaveLength(2);
    expect(world.probed[0]).toMatchObject({ username: 'grace', repository: null });
    expect(world.probed[0]?.password.reveal()).toBe(password.reveal());
  });
});

describe('a mutation that fails', () => {
  const FAILED = { type: 'AccessDenied', stream: `access-${PROJECT}` };

  it.each<[string, (world: World) => Promise<unknown>, object]>([
    [
      'names the registry by its URL',
      ({ application }) =>
        application.createRegistry(aCaller(), PROJECT, command.create({ password: new Secret(''), name: 'x' })),
      {
        action: 'CREATE_REGISTRY',
        outcome: 'FAILED',
        code: 'BAD_USER_INPUT',
        field: 'password',
        registryId: ID,
        url: 'registry.example',
      },
    ],
    [
      'never quotes text that is not a URL',
      ({ application }) =>
        application.createRegistry(
          aCaller(),
          PROJECT,
          command.create({ password, url: `https://ada:${other.reveal()}@x` }),
        ),
      { action: 'CREATE_REGISTRY', code: 'BAD_USER_INPUT', field: 'url', registryId: null, url: null },
    ],
    [
      'names the image, its registry, the pipeline and the run',
      ({ application }) => application.issueCredential(aCaller(), PROJECT, command.issue({ runId: '4711' })),
      {
        action: 'ISSUE_CREDENTIAL',
        code: 'NOT_FOUND',
        registryId: ID,
        url: 'registry.example',
        pipeline: 'build',
        image: 'registry.example/team/app',
        runId: '4711',
        field: null,
      },
    ],
    [
      'names the lease only by a valid id',
      ({ application }) => application.releaseLease(aCaller(), PROJECT, other.reveal()),
      { action: 'RELEASE_LEASE', code: 'NOT_FOUND', leaseId: null },
    ],
  ])('is in the audit log before it is answered, and %s', async (_what, fail, data) => {
    const world = createWorld();
    await expect(fail(world)).rejects.toThrow();
    expect(world.events).toMatchObject([{ ...FAILED, data }]);
    expect(inspect(world.events, { depth: null })).not.toContain('CANARY');
  });

  it("is answered with the audit log's fault if the log cannot be written", async () => {
    const world = createWorld();
    const down = new EventLogUnavailable('The log does not answer.');
    const application = world.replica((log) => ({ ...log, append: () => Promise.reject(down) }));
    const issued = application.issueCredential(aCaller(), PROJECT, command.issue());
    await expect(issued).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(world.faults).toHaveLength(1);
  });
});
