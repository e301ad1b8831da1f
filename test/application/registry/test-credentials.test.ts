import { describe, expect, it } from 'vitest';
import type { ProbeRequest } from '../../../src/application/ports/registry-probe.ts';
import type { TestCredentialsCommand } from '../../../src/application/registry/test-credentials.ts';
import { registryId } from '../../../src/domain/identity.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { ECR, ECR_MINT } from '../../support/amazon-mint.ts';
import { canary } from '../../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../../support/use-cases.ts';

const SOURCE = new Secret('x'.repeat(40));

function test({ application }: World, changes: Partial<TestCredentialsCommand>) {
  return application.testCredentials(aCaller(), PROJECT, {
    url: 'registry.example',
    username: 'robot',
    password: new Secret(canary('tested')),
    mint: undefined,
    access: undefined,
    provider: undefined,
    caCertificate: undefined,
    authRealmHost: undefined,
    repository: undefined,
    ...changes,
  });
}

const testCloud = (world: World, changes: Partial<TestCredentialsCommand> = {}) =>
  test(world, { url: ECR, username: 'AKIAIOSFODNN7EXAMPLE', password: SOURCE, mint: ECR_MINT, ...changes });

/** The request that the probe would get. */
async function asked(url: string, repository: string): Promise<ProbeRequest | undefined> {
  const world = createWorld();
  await test(world, { url, repository });
  return world.probed[0];
}

it('is dated by the clock of the database, as the notices that follow from it are', async () => {
  const world = createWorld();
  const create = command.create({ password: new Secret(canary('stored')) });
  await world.application.createRegistry(aCaller(), PROJECT, create);
  world.databaseAheadMs = 60_000;
  await world.application.testRegistry(aCaller(), PROJECT, registryId(PROJECT, 'registry.example'), undefined);
  expect(world.eventsOf('RegistryTested').at(-1)?.occurredAt).toBe(new Date(world.now + 60_000).toISOString());
});

describe('the repository of a test', () => {
  it.each([
    ['registry.example.com:5000', 'team/app', 'team/app'],
    ['registry.example.com', ' app ', 'app'],
    ['[2001:db8::1]:5000', 'team/app', 'team/app'],
    ['docker.io', 'team/app', 'team/app'],
    // An official image: the probe adds Docker Hub's namespace.
    ['docker.io', 'alpine', 'alpine'],
    ['docker.io', 'library/alpine', 'library/alpine'],
  ])('of %s may be %j', async (url, repository, name) => {
    expect(await asked(url, repository)).toMatchObject({ url, repository: name });
  });

  it.each([
    ['docker.io', 'alpine:3'],
    ['docker.io', 'library/alpine@sha256:'.padEnd(86, '0')],
    ['registry.example.com', 'team/app:1.0'],
    ['registry.example.com', 'Team/App'],
    ['registry.example.com', 'team//app'],
    ['registry.example.com', '../app'],
    ['registry.example.com', 'team app'],
    ['registry.example.com', '/team/app'],
    ['registry.example.com', 'https://registry.example.com/team/app'],
  ])('of %s is refused as %j', async (url, repository) => {
    await expect(asked(url, repository)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'repository' },
    });
  });
});

describe('what a test tells of the secret', () => {
  /** As the secret itself says; nobody checks the signature of somebody else's token. */
  const endsAt = (instant: string) =>
    new Secret(
      [{ alg: 'none' }, { exp: Date.parse(instant) / 1000 }]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .concat('signature')
        .join('.'),
    );

  it('is the earlier end of what it says itself and what the registry says', async () => {
    const world = createWorld();
    expect(await test(world, {})).toMatchObject({ expiresAt: null, warnings: [] });
    const password = endsAt('2040-01-01T00:00:00.000Z');
    expect((await test(world, { password })).expiresAt).toBe('2040-01-01T00:00:00.000Z');
    world.probe = { expiresAt: '2039-01-01T00:00:00.000Z' };
    expect((await test(world, { password })).expiresAt).toBe('2039-01-01T00:00:00.000Z');
    world.probe = { expiresAt: '2041-01-01T00:00:00.000Z' };
    expect((await test(world, { password })).expiresAt).toBe('2040-01-01T00:00:00.000Z');
    expect((await test(world, {})).expiresAt).toBe('2041-01-01T00:00:00.000Z');
  });

  it('is not the end of what was minted for the test', async () => {
    const world = createWorld();
    world.probe = { expiresAt: '2039-01-01T00:00:00.000Z' };
    expect((await testCloud(world)).expiresAt).toBeNull();
  });

  it('is the advice that a stored one would have', async () => {
    const { warnings } = await test(createWorld(), { url: 'ghcr.io', password: new Secret('github_pat_11ABC') });
    expect(warnings).toEqual([expect.stringContaining('fine-grained')]);
  });
});

describe('a test of a cloud credential', () => {
  it('mints once, shows the registry only what was minted, and keeps neither', async () => {
    const world = createWorld();
    const { health } = await testCloud(world, { repository: 'team/app', authRealmHost: 'tokens.example' });
    expect(health).toMatchObject({ outcome: 'OK', login: 'PROVED', credentialVersion: null });
    expect(world.minted).toMatchObject([{ url: ECR, mint: ECR_MINT, purpose: 'PUSH' }]);
    expect(world.minted[0]?.source.password.reveal()).toBe(SOURCE.reveal());
    expect(world.probed).toMatchObject([
      { url: ECR, username: 'minted', repository: 'team/app', authRealmHost: 'tokens.example' },
    ]);
    expect(world.probed[0]?.password.reveal()).toBe('minted 1');
    expect(world.secretStates()).toEqual([]);
    expect(world.events.map(({ type }) => type)).toEqual(['CredentialsTested']);
    expect(JSON.stringify(world.events.map(({ data, metadata }) => [data, metadata]))).not.toContain('minted 1');

    await testCloud(world);
    expect(world.minted).toHaveLength(2);
  });

  it('for pulling asks for no more', async () => {
    const world = createWorld();
    await testCloud(world, { access: 'PULL' });
    expect([world.minted[0]?.purpose, world.probed[0]?.access]).toEqual(['PULL', 'PULL']);
  });

  it('finds that the cloud refuses it, and does not ask the registry', async () => {
    const world = createWorld();
    world.cloud = 'CREDENTIAL_REFUSED';
    const { health } = await testCloud(world, { repository: 'team/app' });
    const found = { outcome: 'AUTHENTICATION_FAILED', detail: 'NOT_MINTED', login: 'UNKNOWN', repository: 'team/app' };
    expect(health).toMatchObject(found);
    expect(world.probed).toEqual([]);
    expect(world.eventsOf('CredentialsTested')).toMatchObject([{ data: found }]);
  });

  it('counts with the other tests: the cloud is not asked without a turn', async () => {
    const world = createWorld();
    world.testTurns = 1;
    await testCloud(world);
    await expect(testCloud(world)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(test(world, {})).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect([world.minted.length, world.probed.length]).toEqual([1, 1]);
  });

  it.each<[string, string, Partial<TestCredentialsCommand>]>([
    ['username', 'an access key id and its secret', { username: undefined }],
    ['password', 'an access key id and its secret', { password: undefined }],
    ['password', 'an access key id and its secret', { password: new Secret(' ') }],
    ['mint', 'AMAZON_ECR mints passwords for', { url: 'ghcr.io' }],
    ['mint', 'roleArn', { mint: { ...ECR_MINT, roleArn: 'admin' } }],
    ['username', 'user name', { mint: null, username: null }],
    ['password', 'password or token', { mint: undefined, password: null }],
    ['authRealmHost', 'host', { authRealmHost: 'http://tokens.example' }],
  ])('needs a fitting `%s`, and says so: %s', async (field, message, changes) => {
    const world = createWorld();
    await expect(testCloud(world, changes)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field },
      message: expect.stringContaining(message),
    });
    expect([world.minted, world.probed]).toEqual([[], []]);
  });
});
