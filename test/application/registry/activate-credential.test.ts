import { expect, it } from 'vitest';
import { registryId } from '../../../src/domain/identity.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { canary } from '../../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../../support/use-cases.ts';

const ID = registryId(PROJECT, 'registry.example');
const GRACE_MINUTES = 5;
const TEST_MS = 10_000;

async function withStaged(): Promise<World> {
  const world = createWorld();
  const { application } = world;
  await application.createRegistry(aCaller(), PROJECT, command.create({ password: new Secret(canary('one')) }));
  await application.stageCredential(aCaller(), PROJECT, ID, {
    username: undefined,
    password: new Secret(canary('two')),
    mint: undefined,
    expiresAt: undefined,
    expectedRevision: undefined,
    idempotencyKey: undefined,
  });
  return world;
}

const activate = ({ application }: World, graceMinutes: number) =>
  application.activateCredential(aCaller(), PROJECT, ID, {
    version: 2,
    verify: true,
    graceMinutes,
    expectedRevision: undefined,
    idempotencyKey: undefined,
  });

it.each([-300_000, 0, 300_000])('a grace lasts as long as was asked, with clocks %d ms apart', async (aheadMs) => {
  const world = await withStaged();
  world.databaseAheadMs = aheadMs;
  const started = world.now;
  world.whileProbing = async () => {
    world.now = started + TEST_MS;
  };
  await activate(world, GRACE_MINUTES);
  const graceEndsAt = new Date(started + TEST_MS + aheadMs + GRACE_MINUTES * 60_000).toISOString();
  expect(world.probed).toHaveLength(2);
  expect(world.eventsOf('CredentialActivated').map(({ data }) => data)).toMatchObject([{ retiring: { graceEndsAt } }]);
});

it('a grace that cannot be is refused before anything is tested', async () => {
  const world = await withStaged();
  await expect(activate(world, 1441)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { field: 'graceMinutes' },
  });
  expect(world.probed).toEqual([]);
});
