import { describe, expect, it } from 'vitest';
import type { EventLog } from '../../../src/application/ports/event-log.ts';
import { EventLogUnavailable } from '../../../src/domain/errors.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../../support/use-cases.ts';

const [first, second] = [new Secret(canary('first')), new Secret(canary('second'))];
const BASE = command.issue({ image: 'one.example/base:1' });
const PUSHED = command.issue({ image: 'two.example/app:1', purpose: 'PUSH' });

async function withRegistries(): Promise<World> {
  const world = createWorld();
  const { application } = world;
  await application.createRegistry(aCaller(), PROJECT, command.create({ url: 'one.example', password: first }));
  await application.createRegistry(aCaller(), PROJECT, command.create({ url: 'two.example', password: second }));
  return world;
}

const authsIn = (dockerConfigJson: Secret) => JSON.parse(dockerConfigJson.reveal()).auths;
const authOf = (password: Secret) => ({ auth: Buffer.from(`ada:${password.reveal()}`).toString('base64') });

describe('credentials for several images', () => {
  it('come with a lease each, in the order of the request, and in one file', async () => {
    const world = await withRegistries();
    const issued = await world.application.issueCredentials(aCaller(), PROJECT, [BASE, PUSHED]);
    expect(issued.credentials.map(({ password, lease }) => [password.reveal(), lease.purpose])).toEqual([
      [first.reveal(), 'PULL'],
      [second.reveal(), 'PUSH'],
    ]);
    expect(world.eventsOf('CredentialIssued')).toHaveLength(2);
    expect(authsIn(issued.dockerConfigJson)).toEqual({ 'one.example': authOf(first), 'two.example': authOf(second) });
  });

  it('are all refused if one is, and the leases of the others are released', async () => {
    const world = await withRegistries();
    const missing = command.issue({ image: 'three.example/app' });
    const refused = world.application.issueCredentials(aCaller(), PROJECT, [BASE, missing, PUSHED]);
    await expect(refused).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'input[1]: There is no such registry in this project.',
    });
    const leaseIdsOf = (type: string) =>
      world
        .eventsOf(type)
        .map(({ stream }) => stream)
        .sort();
    expect(leaseIdsOf('CredentialIssued')).toHaveLength(2);
    expect(leaseIdsOf('LeaseReleased')).toEqual(leaseIdsOf('CredentialIssued'));
    expect(world.eventsOf('AccessDenied')).toMatchObject([
      { data: { action: 'ISSUE_CREDENTIAL', url: 'three.example' } },
    ]);
  });

  it('come when a batch that failed is repeated with its idempotency keys, under leases that nobody had', async () => {
    const world = await withRegistries();
    const batch = ['base', 'pushed', 'third'].map((idempotencyKey, place) => ({
      ...[BASE, PUSHED, command.issue({ image: 'three.example/app' })][place],
      idempotencyKey,
    })) as (typeof BASE)[];
    const issue = () => world.replica().issueCredentials(aCaller(), PROJECT, batch);
    for (let time = 0; time < 3; time += 1) await expect(issue()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const third = new Secret(canary('third'));
    await world.application.createRegistry(
      aCaller(),
      PROJECT,
      command.create({ url: 'three.example', password: third }),
    );
    const issued = await issue();
    expect(issued.credentials.map(({ password }) => password.reveal())).toEqual(
      [first, second, third].map((password) => password.reveal()),
    );
    expect(world.eventsOf('CredentialIssued')).toHaveLength(2 * 3 + 3);
    expect(world.eventsOf('LeaseReleased').map(({ data }) => data)).toEqual(
      Array.from({ length: 2 * 3 }, () => expect.objectContaining({ reason: 'WITHDRAWN' })),
    );
    const again = await issue();
    expect(again.credentials.map(({ lease }) => lease.id)).toEqual(issued.credentials.map(({ lease }) => lease.id));
  });

  it('come under no new lease if the caller has released the one of the idempotency key', async () => {
    const world = await withRegistries();
    const keyed = { ...BASE, idempotencyKey: 'once' };
    const { credentials } = await world.application.issueCredentials(aCaller(), PROJECT, [keyed]);
    await world.application.releaseLease(aCaller(), PROJECT, credentials[0]?.lease.id ?? '');
    await expect(world.application.issueCredentials(aCaller(), PROJECT, [keyed])).rejects.toMatchObject({
      code: 'CREDENTIAL_UNAVAILABLE',
      message: expect.stringContaining('has ended'),
    });
  });

  it.each([
    ['another job of its run', { runId: '1742' }],
    ['a repeated request', { idempotencyKey: 'once' }],
  ])('leave the lease that %s was given before the batch failed', async (_who, changes) => {
    const world = await withRegistries();
    const ofRun = { ...BASE, ...changes };
    const issueElsewhere = () => world.replica().issueCredential(aCaller(), PROJECT, ofRun);
    let elsewhere: Awaited<ReturnType<typeof issueElsewhere>> | undefined;
    let withdrawals = 0;
    const between = (log: EventLog): EventLog => ({
      ...log,
      async append(stream, expected, events) {
        if (events.some(({ event }) => event.type === 'LeaseReleased')) {
          withdrawals += 1;
          elsewhere = await issueElsewhere();
        }
        return log.append(stream, expected, events);
      },
    });
    const missing = command.issue({ image: 'three.example/app' });
    const refused = world.replica(between).issueCredentials(aCaller(), PROJECT, [ofRun, missing]);
    await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(withdrawals).toBe(1);
    expect(elsewhere?.password.reveal()).toBe(first.reveal());
    expect(world.eventsOf('LeaseReleased')).toEqual([]);
    expect((await issueElsewhere()).lease.id).toBe(elsewhere?.lease.id);
  });

  it('give another lease to a job of the run that asks after the first was withdrawn', async () => {
    const world = await withRegistries();
    const ofRun = { ...BASE, runId: '1742' };
    const missing = command.issue({ image: 'three.example/app' });
    const refused = world.application.issueCredentials(aCaller(), PROJECT, [ofRun, missing]);
    await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { lease } = await world.replica().issueCredential(aCaller(), PROJECT, ofRun);
    expect([lease.releasedAt, world.eventsOf('CredentialIssued').length]).toEqual([null, 2]);
  });

  it('keep a lease that an earlier request has issued', async () => {
    const world = await withRegistries();
    const keyed = { ...BASE, idempotencyKey: 'once' };
    const { lease } = await world.application.issueCredential(aCaller(), PROJECT, keyed);
    const missing = command.issue({ image: 'three.example/app' });
    const refused = world.application.issueCredentials(aCaller(), PROJECT, [keyed, missing]);
    await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(world.eventsOf('LeaseReleased')).toEqual([]);
    const again = await world.application.issueCredentials(aCaller(), PROJECT, [keyed]);
    expect(again.credentials[0]?.lease.id).toBe(lease.id);
  });

  it('leave no secret if the log fails at one of them', async () => {
    const world = await withRegistries();
    let appended = 0;
    const failing = (log: EventLog): EventLog => ({
      ...log,
      append(stream, expected, events) {
        appended += stream.startsWith('lease-') ? 1 : 0;
        if (appended === 2) throw new EventLogUnavailable('no answer');
        return log.append(stream, expected, events);
      },
    });
    const issued = world.replica(failing).issueCredentials(aCaller(), PROJECT, [BASE, PUSHED]);
    await expect(issued).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^input\[[01]\]: /),
    });
    expect(world.eventsOf('LeaseReleased')).toHaveLength(1);
  });

  it('for one host hold the login that may push', async () => {
    const world = createWorld();
    const url = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const mint = {
      kind: 'AMAZON_ECR',
      roleArn: null,
      externalId: null,
      tenantId: null,
      installationId: null,
      apiUrl: null,
    } as const;
    const registry = { url, username: 'AKIAIOSFODNN7EXAMPLE', password: new Secret('x'.repeat(40)), mint };
    await world.application.createRegistry(aCaller(), PROJECT, command.create(registry));
    const [pull, push] = [command.issue({ image: `${url}/a` }), command.issue({ image: `${url}/b`, purpose: 'PUSH' })];
    const { credentials, dockerConfigJson } = await world.application.issueCredentials(aCaller(), PROJECT, [
      push,
      pull,
    ]);
    const pushing = credentials.find(({ lease }) => lease.purpose === 'PUSH');
    expect(authsIn(dockerConfigJson)).toEqual(authsIn(pushing?.dockerConfigJson ?? new Secret('')));
  });

  it.each([0, 21])('are refused for %s images, with the field that is wrong', async (count) => {
    const { application, events } = await withRegistries();
    const before = events.length;
    const refused = application.issueCredentials(
      aCaller(),
      PROJECT,
      Array.from({ length: count }, () => BASE),
    );
    await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'input' } });
    expect(events).toHaveLength(before);
  });

  it('name the field of the input at fault', async () => {
    const { application } = await withRegistries();
    const tooShort = { ...PUSHED, ttlSeconds: 1 };
    await expect(application.issueCredentials(aCaller(), PROJECT, [BASE, tooShort])).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'input[1].ttlSeconds' },
    });
  });
});
