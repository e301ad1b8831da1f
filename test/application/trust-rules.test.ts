import { describe, expect, it } from 'vitest';
import { AuthenticationFailed } from '../../src/application/ports/authenticator.ts';
import type { RequestContext } from '../../src/application/request-context.ts';
import { PurserError } from '../../src/domain/errors.ts';
import { registryId } from '../../src/domain/identity.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { Secret } from '../../src/domain/secret.ts';
import { entered, GITHUB, GITHUB_CLAIMS } from '../domain/trust/rules.ts';
import { canary } from '../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../support/use-cases.ts';

const password = new Secret(canary('trusted'));
const ID = registryId(PROJECT, 'registry.example');

function author(permissions: readonly string[] = Object.values(PERMISSIONS)): RequestContext {
  const { principal, ...rest } = aCaller('ada');
  return { ...rest, principal: { ...principal, grants: new Map([[PROJECT, new Set(permissions)]]) } };
}

function job(claims: object = {}): RequestContext {
  const all = { ...GITHUB_CLAIMS, ...claims };
  const { principal, ...rest } = aCaller(all.sub);
  return { ...rest, principal: { ...principal, issuer: GITHUB, claims: all } };
}

const key = (idempotencyKey: string | undefined) => ({ idempotencyKey });
const create = (world: World, changes: Parameters<typeof entered>[0] = {}, idempotencyKey?: string) =>
  world.application.createTrustRule(author(), PROJECT, { ...entered(changes), ...key(idempotencyKey) });
const issue = (world: World, context = job(), changes: Parameters<typeof command.issue>[0] = {}) =>
  world.application.issueCredential(context, PROJECT, command.issue(changes));

async function aWorld(access: 'PULL' | 'PULL_AND_PUSH' = 'PULL'): Promise<World> {
  const world = createWorld();
  world.ruleIssuers.add(GITHUB);
  await world.application.createRegistry(author(), PROJECT, command.create({ password, access }));
  return world;
}

async function refused(attempt: Promise<unknown>): Promise<PurserError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (fault: unknown) => fault,
  );
  if (error instanceof PurserError) return error;
  throw new Error(`not refused: ${String(error)}`);
}

describe('a job that meets a rule', () => {
  it('gets a lease that is named by its token, whatever it says of itself', async () => {
    const world = await aWorld();
    const { rule } = await create(world);
    const { lease, password: issued } = await issue(world, job(), { pipeline: 'release', runId: 'mine' });
    expect(issued.reveal()).toBe(password.reveal());
    expect(lease).toMatchObject({ pipeline: GITHUB_CLAIMS.workflow_ref, runId: '1742', issuedTo: GITHUB_CLAIMS.sub });
    expect(lease.identity).toMatchObject({ ruleId: rule.id, ruleName: 'main' });
    expect(lease.identity?.claims).toContainEqual({ name: 'event_name', value: 'push' });
    expect(world.eventsOf('CredentialIssued')[0]?.metadata.identity).toEqual(lease.identity);
  });

  it('shares it with the other jobs of its run, on any replica, and with no other run', async () => {
    const world = await aWorld();
    await create(world);
    const replicas = [world.application, world.replica()];
    const ask = (run_id: string, environment: string, index: number) =>
      replicas[index % 2]?.issueCredential(
        job({ run_id, sub: `repo:octo/web:environment:${environment}` }),
        PROJECT,
        command.issue(),
      );
    const leases = await Promise.all(
      Array.from({ length: 40 }, (_, index) => ask(index % 4 === 0 ? '2' : '1', `e${index % 3}`, index)),
    );
    expect(new Set(leases.map((one) => one?.lease.id)).size).toBe(2);
  });

  it('may release and report what its run was issued, and nothing else', async () => {
    const world = await aWorld();
    await create(world);
    const { lease } = await issue(world);
    const release = (context: RequestContext) => world.application.releaseLease(context, PROJECT, lease.id);
    expect(await refused(release(job({ run_id: '2' })))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await refused(release(author()))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await refused(release(job({ repository_id: '75' })))).toMatchObject({ code: 'NOT_FOUND' });
    const report = {
      leaseId: undefined,
      image: 'registry.example/team/app',
      pipeline: 'x',
      runId: 'x',
      message: undefined,
    };
    expect(await world.application.reportAuthenticationFailure(job(), PROJECT, report)).toMatchObject({ id: lease.id });
    expect(await release(job({ sub: 'repo:octo/web:environment:other' }))).toMatchObject({ id: lease.id });
    expect(world.eventsOf('LeaseReleased')[0]?.metadata.identity?.ruleName).toBe('main');
    await world.settled();
  });

  it('is refused a password that can do more than the rule grants, unless the rule says so', async () => {
    const world = await aWorld('PULL_AND_PUSH');
    const { rule } = await create(world);
    const byHelper = { image: 'https://registry.example' };
    expect(await refused(issue(world, job(), byHelper))).toMatchObject({ code: 'FORBIDDEN' });
    const byKubelet = { form: 'PASSWORD_ONLY' } as const;
    expect((await refused(issue(world, job(), byKubelet))).message).toContain('ask `issueCredential` for an image');
    world.tokenFault = { kind: 'MAKES_NONE' };
    const refusal = await refused(issue(world));
    expect(refusal).toMatchObject({ code: 'CREDENTIAL_UNAVAILABLE' });
    expect(refusal.message).toContain('`allowPassword`');
    expect(world.eventsOf('CredentialIssued')).toEqual([]);
    const changes = { allowPassword: true };
    await world.application.updateTrustRule(author(), PROJECT, rule.id, {
      changes,
      expectedRevision: rule.revision,
      ...key(undefined),
    });
    expect((await issue(world)).password.reveal()).toBe(password.reveal());
  });

  it('gets what any of its rules permits', async () => {
    const world = await aWorld('PULL_AND_PUSH');
    await create(world, { name: 'one', registryIds: [ID], repositories: ['other'] });
    await create(world, { name: 'two', allowPassword: true });
    expect((await issue(world)).lease.identity?.ruleName).toBe('two');
    expect((await refused(issue(world, job(), { purpose: 'PUSH' }))).message).toContain(
      'Rule "one": it is not for the purpose PUSH.',
    );
  });

  it('shares no key with another pipeline of its branch, which has the same subject', async () => {
    const world = await aWorld();
    await create(world, { runIdClaim: null });
    const ask = { idempotencyKey: 'k', pipeline: 'as it says' };
    const { lease } = await issue(world, job(), ask);
    const other = job({ workflow_ref: 'octo/web/.github/workflows/deploy.yml@refs/heads/main' });
    expect(await refused(issue(world, other, ask))).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(world.eventsOf('CredentialIssuedAgain')).toEqual([]);
    // What a job calls itself makes it no other.
    expect((await issue(world, job(), { ...ask, pipeline: 'otherwise', runId: 'mine' })).lease.id).toBe(lease.id);
  });

  it('shares no key with a job that another rule lets in', async () => {
    const world = await aWorld();
    await create(world, { runIdClaim: null, pipelineClaim: 'repository_id' });
    await create(world, {
      runIdClaim: null,
      pipelineClaim: 'repository_id',
      matches: [
        { claim: 'repository_id', equals: ['74'] },
        { claim: 'event_name', equals: ['schedule'] },
      ],
    });
    await issue(world, job(), { idempotencyKey: 'k' });
    const other = issue(world, job({ event_name: 'schedule' }), { idempotencyKey: 'k' });
    expect(await refused(other)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('is refused if the rule ends while its ask is under way', async () => {
    const world = await aWorld();
    const { rule } = await create(world);
    const late = world.replica((log) => ({
      ...log,
      async append(stream, expected, events) {
        const appended = await log.append(stream, expected, events);
        if (events.some(({ event }) => event.type === 'CredentialIssued')) {
          await world.application.deleteTrustRule(author(), PROJECT, rule.id, undefined);
        }
        return appended;
      },
    }));
    expect(await refused(late.issueCredential(job(), PROJECT, command.issue()))).toMatchObject({ code: 'FORBIDDEN' });
    expect(world.eventsOf('LeaseReleased').map(({ data }) => data)).toMatchObject([{ reason: 'WITHDRAWN' }]);
  });
});

describe('the record of a refused job', () => {
  const denied = (world: World) => world.eventsOf('AccessDenied').at(-1);

  it('says why no rule let it in, and not what it calls itself', async () => {
    const world = await aWorld();
    await create(world);
    const attempt = { projectId: PROJECT, action: 'ISSUE_CREDENTIAL', pipeline: 'release', runId: 'mine' };
    await world.application.recordDenied(job({ event_name: 'pull_request' }), attempt);
    expect(denied(world)?.data).toMatchObject({
      pipeline: null,
      runId: null,
      reasons: ['Rule "main": `event_name` is `pull_request`, which is not `push`.'],
    });
    expect(denied(world)?.metadata.identity).toBeUndefined();
  });

  it('says what its rule does not permit, with the names of its token', async () => {
    const world = await aWorld();
    await create(world);
    await refused(issue(world, job(), { purpose: 'PUSH', pipeline: 'release' }));
    expect(denied(world)?.data).toMatchObject({
      action: 'ISSUE_CREDENTIAL',
      outcome: 'DENIED',
      pipeline: GITHUB_CLAIMS.workflow_ref,
      runId: '1742',
      reasons: ['Rule "main": it is not for the purpose PUSH.'],
    });
    expect(denied(world)?.metadata.identity?.ruleName).toBe('main');
  });

  it('is one count for all strangers of an issuer', async () => {
    const world = await aWorld();
    await create(world);
    const attempt = { projectId: PROJECT, action: 'ISSUE_CREDENTIAL' };
    for (let index = 0; index < 60; index += 1) {
      await world.application.recordDenied(job({ repository_id: `9${index}`, sub: `repo:o/${index}:x` }), attempt);
    }
    expect(world.eventsOf('AccessDenied')).toHaveLength(20);
    await world.application.recordDenied(job({ event_name: 'schedule' }), { ...attempt, action: 'READ_LEASES' });
    await world.running.attempts.flush({ all: true });
    expect(denied(world)?.data).toMatchObject({ count: 40 });
    expect(denied(world)?.data).not.toHaveProperty('reasons');
  });
});

describe('rules', () => {
  it('are granted from on any replica, and end on any replica', async () => {
    const world = await aWorld();
    const other = world.replica();
    const granted = () => other.isGranted(job().principal, PROJECT, PERMISSIONS.registryUse);
    expect(await granted()).toBe(false);
    const { rule } = await create(world);
    expect(await granted()).toBe(true);
    expect(await other.isGranted(job().principal, PROJECT, PERMISSIONS.registryRead)).toBe(false);
    expect(await other.isGranted(job().principal, 'another', PERMISSIONS.registryUse)).toBe(false);
    await world.application.deleteTrustRule(author(), PROJECT, rule.id, rule.revision);
    expect(await granted()).toBe(false);
  });

  it('grant nothing if the log cannot be read', async () => {
    const world = await aWorld();
    await create(world);
    const cut = world.replica((log) => ({ ...log, readStream: () => Promise.reject(new Error('cut')) }));
    await expect(cut.isGranted(job().principal, PROJECT, PERMISSIONS.registryUse)).rejects.toThrow('cut');
  });

  it('are not for callers whose token has permissions', async () => {
    const world = await aWorld();
    await create(world);
    const { claims: _claims, ...principal } = job().principal;
    expect(world.application.isGranted(principal, PROJECT, PERMISSIONS.registryUse)).toBe(false);
  });

  it('are created once under a key, also at once and on several replicas', async () => {
    const world = await aWorld();
    const replicas = [world.application, world.replica()];
    const created = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        replicas[index % 2]?.createTrustRule(author(), PROJECT, { ...entered(), ...key('k') }),
      ),
    );
    expect(new Set(created.map((one) => one?.rule.id)).size).toBe(1);
    expect(world.eventsOf('TrustRuleCreated')).toHaveLength(1);
    expect(await refused(create(world, { name: 'other' }, 'k'))).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('are all kept, whoever else changes them at the same moment', async () => {
    const world = await aWorld();
    const replicas = [world.application, world.replica(), world.replica()];
    await Promise.all(
      Array.from({ length: 9 }, (_, index) =>
        replicas[index % 3]?.createTrustRule(author(), PROJECT, {
          ...entered({ name: `r${index}` }),
          ...key(undefined),
        }),
      ),
    );
    const names = (await world.application.trustRules(PROJECT)).map(({ name }) => name);
    expect(names.sort()).toEqual(Array.from({ length: 9 }, (_, index) => `r${index}`));
  });

  it('grant no more than their author holds, and name registries that exist', async () => {
    const world = await aWorld();
    const poor = author([PERMISSIONS.trustWrite, PERMISSIONS.registryRead]);
    const attempt = world.application.createTrustRule(poor, PROJECT, { ...entered(), ...key(undefined) });
    expect(await refused(attempt)).toMatchObject({ code: 'FORBIDDEN' });
    const registryIds = [registryId('another', 'registry.example')];
    expect(await refused(create(world, { registryIds }))).toMatchObject({ details: { field: 'registryIds' } });
  });
});

describe('asking what a token would be granted', () => {
  const check = (world: World) => world.application.checkTrust(author(), PROJECT, new Secret(canary('token')));

  it('answers rule by rule, and records the question without the token', async () => {
    const world = await aWorld();
    await create(world);
    await create(world, { name: 'other', matches: [{ claim: 'repository_id', equals: ['75'] }] });
    world.tokens = () => job().principal;
    const { granted, rules } = await check(world);
    expect(granted).toBe(true);
    expect(rules.map(({ rule, met }) => [rule.name, met])).toEqual([
      ['main', true],
      ['other', false],
    ]);
    expect(rules[1]?.reason).toBe('`repository_id` is `74`, which is not `75`.');
    expect(world.eventsOf('TrustChecked')[0]?.data).toEqual({
      issuer: GITHUB,
      subject: GITHUB_CLAIMS.sub,
      granted: true,
    });
  });

  it('says what is wrong with a token that is not valid', async () => {
    const world = await aWorld();
    await create(world);
    world.tokens = () => {
      throw new AuthenticationFailed('expired', GITHUB);
    };
    expect(await check(world)).toMatchObject({
      granted: false,
      rules: [{ met: false, reason: 'The token has expired.' }],
    });
    expect(world.eventsOf('TrustChecked')[0]?.data).toEqual({ issuer: null, subject: null, granted: false });
  });
});
