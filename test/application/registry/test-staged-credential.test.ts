import { expect, it } from 'vitest';
import { healthStream, registryId, registryStream } from '../../../src/domain/identity.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../../support/use-cases.ts';

const ID = registryId(PROJECT, 'registry.example');
const [FIRST, SECOND] = [canary('proved-first'), canary('proved-second')];
const REFUSED = { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' } as const;
const MAY_PUSH = { pull: 'PROVED', push: 'PROVED' } as const;

async function withStaged(): Promise<World> {
  const world = createWorld();
  const { application } = world;
  await application.createRegistry(aCaller(), PROJECT, command.create({ password: new Secret(FIRST) }));
  await application.stageCredential(aCaller(), PROJECT, ID, {
    username: undefined,
    password: new Secret(SECOND),
    mint: undefined,
    expiresAt: undefined,
    expectedRevision: undefined,
    idempotencyKey: undefined,
  });
  return world;
}

/** What tests find of each version. */
function finding(world: World, active: ReturnType<World['probeOf']>, staged: ReturnType<World['probeOf']>): void {
  world.probeOf = ({ password }) => (password.reveal() === SECOND ? staged : active);
}

const prove = ({ application }: World, version = 2) =>
  application.testStagedCredential(aCaller(), PROJECT, ID, version);
const activate = ({ application }: World) =>
  application.activateCredential(aCaller(), PROJECT, ID, {
    version: 2,
    verify: true,
    graceMinutes: 0,
    expectedRevision: undefined,
    idempotencyKey: undefined,
  });
const testedVersions = (world: World) =>
  world.eventsOf('RegistryTested').map(({ stream, data }) => [stream, Object(data).credentialVersion]);

it('tests both versions as one test, keeps what it found of each, and changes nothing', async () => {
  const world = await withStaged();
  finding(world, MAY_PUSH, MAY_PUSH);
  world.testTurns = 1;
  const ofRegistry = () => world.events.filter(({ stream }) => stream === registryStream(PROJECT, ID));
  const before = ofRegistry();
  const { staged, active, reason } = await prove(world);
  expect(reason).toBeNull();
  expect(staged).toMatchObject({ credentialVersion: 2, outcome: 'OK', push: 'PROVED' });
  expect(active).toMatchObject({ credentialVersion: 1, outcome: 'OK', push: 'PROVED' });
  expect(world.probed.map(({ password }) => password.reveal()).sort()).toEqual([FIRST, SECOND].sort());
  const stream = healthStream(PROJECT, ID);
  expect(testedVersions(world)).toEqual([
    [stream, 2],
    [stream, 1],
  ]);
  expect(ofRegistry()).toEqual(before);
  expect(world.secretStates()).toEqual(['current', 'staged']);
  await expect(prove(world)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
});

it.each([
  ['a refused login', {}, REFUSED],
  ['fewer rights', MAY_PUSH, { pull: 'PROVED', push: 'DENIED' }],
  ['two refused logins', REFUSED, REFUSED],
  ['the same rights', MAY_PUSH, MAY_PUSH],
  ['more rights', {}, MAY_PUSH],
  ['the only login that works', REFUSED, {}],
] as const)('foretells what an activation comes to: %s', async (_what, active, staged) => {
  const world = await withStaged();
  finding(world, active, staged);
  const { reason } = await prove(world);
  const error: unknown = await activate(world).then(
    () => null,
    (fault: unknown) => fault,
  );
  if (reason === null) return expect(error).toBeNull();
  const [, lacks] = reason.split(', because ');
  expect(error).toMatchObject({ code: 'VERIFICATION_FAILED', message: expect.stringContaining(String(lacks)) });
});

it('needs no active password: one that is lost proves nothing', async () => {
  const world = await withStaged();
  world.loseSecrets(1);
  expect(await prove(world)).toMatchObject({ reason: null, active: null, staged: { credentialVersion: 2 } });
  expect(testedVersions(world)).toHaveLength(1);
});

it('is about the version that the caller saw, and asks no registry otherwise', async () => {
  const world = await withStaged();
  for (const version of [1, 3]) await expect(prove(world, version)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(world.probed).toEqual([]);
  const attempts = world.eventsOf('AccessDenied').map(({ data }) => data);
  expect(attempts).toMatchObject([1, 3].map(() => ({ action: 'TEST_STAGED_CREDENTIAL', code: 'NOT_FOUND' })));
});
