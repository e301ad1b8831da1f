import { describe, expect, it } from 'vitest';
import {
  createRegistryTokens,
  RETRY_LOGIN_MS,
  RETRY_TOKEN_MS,
} from '../../../src/application/credential/registry-tokens.ts';
import type { IssueCredentialCommand } from '../../../src/application/lease/issue-credential.ts';
import type { RegistryTokenRequest } from '../../../src/application/ports/registry-token-server.ts';
import type { RequestContext } from '../../../src/application/request-context.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { entered, GITHUB, GITHUB_CLAIMS } from '../../domain/trust/rules.ts';
import { canary } from '../../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../../support/use-cases.ts';

const password = new Secret(canary('token'));
const TOKEN = { form: 'REGISTRY_TOKEN' } as const;
const LIFE_MS = 300_000;

async function aWorld(url = 'registry.example'): Promise<World> {
  const world = createWorld();
  await world.application.createRegistry(aCaller(), PROJECT, command.create({ password, url }));
  return world;
}

const issue = (world: World, changes: Partial<IssueCredentialCommand> = {}, caller = aCaller()) =>
  world.application.issueCredential(caller, PROJECT, command.issue({ ...TOKEN, ...changes }));

describe('a registry token', () => {
  it('is issued in place of the password, made for the repository and the purpose', async () => {
    const world = await aWorld();
    const pulled = await issue(world);
    expect([pulled.password.reveal(), pulled.form, pulled.username]).toEqual(['token 1', 'REGISTRY_TOKEN', 'ada']);
    expect(JSON.parse(pulled.dockerConfigJson.reveal())).toEqual({
      auths: { 'registry.example': { registrytoken: 'token 1' } },
    });
    await issue(world, { purpose: 'PUSH', image: 'registry.example/team/other:1' });
    expect(world.tokenRequests.map(({ repository, actions }) => [repository, actions])).toEqual([
      ['team/app', ['pull']],
      ['team/other', ['pull', 'push']],
    ]);
    expect(world.tokenRequests[0]?.password.reveal()).toBe(password.reveal());
  });

  it('ends its lease, unless that ends before it', async () => {
    const world = await aWorld();
    const { lease, expiresAt, expirySource } = await issue(world);
    expect(Date.parse(lease.expiresAt) - world.now).toBe(LIFE_MS);
    expect([expiresAt, expirySource]).toEqual([lease.expiresAt, 'REGISTRY']);
    const short = await issue(world, { ttlSeconds: 60 });
    expect(Date.parse(short.lease.expiresAt) - world.now).toBe(60_000);
    expect(short.expiresAt).toBe(expiresAt);
  });

  it('is named in the record of its issue, and its text in none', async () => {
    const world = await aWorld();
    await issue(world, { runId: '7' });
    await issue(world, { runId: '7', image: 'registry.example/team/other' });
    await issue(world, { form: 'PASSWORD' });
    expect(['CredentialIssued', 'CredentialIssuedAgain'].map((type) => world.eventsOf(type).map(formOf))).toEqual([
      ['REGISTRY_TOKEN', undefined],
      ['REGISTRY_TOKEN'],
    ]);
    expect(JSON.stringify(world.events.map(({ data, metadata }) => [data, metadata]))).not.toMatch(/token \d/);
  });
  const formOf = ({ data }: { readonly data: unknown }) => (data as { readonly form?: string }).form;

  it('is another at each ask of a run, under one lease, which is not the lease of the password', async () => {
    const world = await aWorld();
    const [first, second] = [await issue(world, { runId: '7' }), await issue(world, { runId: '7' })];
    const other = await issue(world, { runId: '7', form: 'PASSWORD' });
    expect([first.password.reveal(), second.password.reveal()]).toEqual(['token 1', 'token 2']);
    expect(second.lease.id).toBe(first.lease.id);
    expect(other.lease.id).not.toBe(first.lease.id);
  });

  it('is another at a repeated request, under the same lease, and the key is for no password', async () => {
    const world = await aWorld();
    const [first, second] = [await issue(world, { idempotencyKey: 'k' }), await issue(world, { idempotencyKey: 'k' })];
    expect(second.lease.id).toBe(first.lease.id);
    expect(second.password.reveal()).toBe('token 2');
    const refused = issue(world, { idempotencyKey: 'k', form: 'PASSWORD' });
    await expect(refused).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('is made once for all who ask at the same moment, and not for those who ask for another', async () => {
    const repositories: string[] = [];
    const server = {
      async makeToken({ repository }: RegistryTokenRequest) {
        repositories.push(repository);
        return { token: new Secret(repository), expiresAt: '2030-01-31T09:05:00.000Z' };
      },
    };
    const tokens = createRegistryTokens({ server, now: () => 0 });
    const credential = { secretId: 'a secret' };
    const registry = { projectId: PROJECT, url: 'a.example', provider: 'GENERIC', credential } as const;
    const whole = { ...registry, caCertificate: null, authRealmHost: null };
    const ask = (repository: string) => tokens(whole, { username: 'ada', password }, { repository, purpose: 'PULL' });
    const made = await Promise.all(['one', 'two', 'one', 'two', 'one'].map(ask));
    expect(made.map((one) => one.password.reveal())).toEqual(['one', 'two', 'one', 'two', 'one']);
    expect(repositories).toEqual(['one', 'two']);
    await ask('one');
    expect(repositories).toEqual(['one', 'two', 'one']);
  });

  it('needs a repository', async () => {
    const world = await aWorld();
    await expect(issue(world, { image: 'https://registry.example' })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'image' },
      message: expect.stringContaining('such as registry.example/team/app'),
    });
    expect(world.events.map(({ type }) => type)).toContain('AccessDenied');
  });

  it('is in no report of a login that failed: what the pipeline says is not kept', async () => {
    const world = await aWorld();
    const reports = await Promise.all(
      [{}, { form: 'PASSWORD' } as const].map((changes, place) => issue(world, changes, aCaller(`caller ${place}`))),
    );
    for (const [place, { lease }] of reports.entries()) {
      const report = { leaseId: lease.id, image: undefined, pipeline: undefined, runId: undefined, message: 'denied' };
      await world.application.reportAuthenticationFailure(aCaller(`caller ${place}`), PROJECT, report);
    }
    await world.settled();
    expect(world.eventsOf('AuthenticationFailureReported').map(({ data }) => data)).toMatchObject([
      { message: null },
      { message: 'denied' },
    ]);
  });

  it('does not leave if the credential is rotated while it is made', async () => {
    const world = await aWorld();
    const { id } = (await world.application.registryByUrl(PROJECT, 'registry.example')) ?? { id: '' };
    world.whileMakingToken = async () => {
      world.whileMakingToken = async () => undefined;
      await world.application.rotateCredential(
        aCaller(),
        PROJECT,
        id,
        command.rotate({ password: new Secret(canary('new')) }),
      );
    };
    const issued = await issue(world);
    expect([issued.password.reveal(), issued.lease.credentialVersion]).toEqual(['token 2', 2]);
  });
});

describe('a registry that makes no token', () => {
  it('is an error that says what to do, and nothing is issued', async () => {
    const world = await aWorld();
    world.tokenFault = { kind: 'MAKES_NONE' };
    await expect(issue(world)).rejects.toMatchObject({
      code: 'CREDENTIAL_UNAVAILABLE',
      message: expect.stringContaining('`form: PASSWORD`'),
    });
    expect(world.eventsOf('CredentialIssued')).toEqual([]);
    expect((await issue(world, { form: 'PASSWORD' })).password.reveal()).toBe(password.reveal());
  });

  it('is asked again after a while, about another repository at once', async () => {
    const world = await aWorld();
    world.tokenFault = { kind: 'TOO_WIDE' };
    for (let ask = 0; ask < 5; ask += 1) await expect(issue(world)).rejects.toThrow('TOO_WIDE');
    expect(world.tokenRequests).toHaveLength(1);
    await expect(issue(world, { image: 'registry.example/other' })).rejects.toThrow('TOO_WIDE');
    world.tokenFault = null;
    world.now += RETRY_TOKEN_MS;
    expect((await issue(world)).form).toBe('REGISTRY_TOKEN');
    expect(world.tokenRequests).toHaveLength(3);
  });

  it('is not sent a refused login again for a minute, whatever the repository, unless it is rotated', async () => {
    const world = await aWorld();
    world.tokenFault = { kind: 'REFUSED', outcome: 'AUTHENTICATION_FAILED', detail: null };
    await expect(issue(world)).rejects.toThrow('docker login');
    world.now += RETRY_LOGIN_MS - 1;
    await expect(issue(world, { image: 'registry.example/other' })).rejects.toThrow('docker login');
    expect(world.tokenRequests).toHaveLength(1);
    world.tokenFault = null;
    const { id } = (await world.application.registryByUrl(PROJECT, 'registry.example')) ?? { id: '' };
    await world.application.rotateCredential(
      aCaller(),
      PROJECT,
      id,
      command.rotate({ password: new Secret(canary('new')) }),
    );
    expect((await issue(world)).form).toBe('REGISTRY_TOKEN');
  });
});

describe('several images', () => {
  it.each([
    ['two registry tokens', TOKEN],
    ['a registry token and a password', { form: 'PASSWORD' } as const],
  ])('of one registry are refused if the file would hold %s', async (_what, other) => {
    const world = await aWorld();
    const commands = [command.issue(TOKEN), command.issue({ image: 'registry.example/team/other', ...other })];
    await expect(world.application.issueCredentials(aCaller(), PROJECT, commands)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'input[1].image' },
    });
    expect(world.eventsOf('LeaseReleased').map(({ data }) => data)).toMatchObject([
      { reason: 'WITHDRAWN' },
      { reason: 'WITHDRAWN' },
    ]);
  });

  it('of several registries are in one file', async () => {
    const world = await aWorld();
    await world.application.createRegistry(aCaller(), PROJECT, command.create({ password, url: 'two.example' }));
    const commands = [command.issue(TOKEN), command.issue({ image: 'two.example/app' })];
    const { dockerConfigJson } = await world.application.issueCredentials(aCaller(), PROJECT, commands);
    const { auths } = JSON.parse(dockerConfigJson.reveal());
    expect(Object.entries(auths).map(([host, entry]) => [host, Object.keys(entry as object)])).toEqual([
      ['registry.example', ['registrytoken']],
      ['two.example', ['auth']],
    ]);
  });
});

describe('a job whose rule is for less than the password', () => {
  const job: RequestContext = {
    ...aCaller(GITHUB_CLAIMS.sub),
    principal: { ...aCaller(GITHUB_CLAIMS.sub).principal, issuer: GITHUB, claims: GITHUB_CLAIMS },
  };
  const author = () => {
    const { principal, ...rest } = aCaller('ada');
    return {
      ...rest,
      principal: {
        ...principal,
        grants: new Map([[PROJECT, new Set(['iam:project:cicd:registry:use', 'iam:project:cicd:trust:write'])]]),
      },
    };
  };

  async function withRule(changes: Parameters<typeof entered>[0]): Promise<World> {
    const world = await aWorld();
    world.ruleIssuers.add(GITHUB);
    await world.application.createTrustRule(author(), PROJECT, { ...entered(changes), idempotencyKey: undefined });
    return world;
  }

  it.each([
    ['pulling only', {}],
    ['some repositories', { repositories: ['team'] }],
  ])('gets a registry token, whatever it asked for: %s', async (_what, changes) => {
    const world = await withRule(changes);
    for (const form of ['PASSWORD', 'REGISTRY_TOKEN'] as const) {
      expect(await issue(world, { form }, job)).toMatchObject({
        form: 'REGISTRY_TOKEN',
        lease: { pipeline: GITHUB_CLAIMS.workflow_ref },
      });
    }
    expect(world.tokenRequests.map(({ actions }) => actions)).toEqual([['pull'], ['pull']]);
  });

  it('gets the password if the rule allows it and it asked for that', async () => {
    const world = await withRule({ repositories: ['team'], allowPassword: true });
    expect((await issue(world, { form: 'PASSWORD' }, job)).password.reveal()).toBe(password.reveal());
    expect((await issue(world, {}, job)).form).toBe('REGISTRY_TOKEN');
  });

  it('gets no token for another repository', async () => {
    const world = await withRule({ repositories: ['team'] });
    await expect(issue(world, { image: 'registry.example/teams/app' }, job)).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(world.tokenRequests).toEqual([]);
  });
});
