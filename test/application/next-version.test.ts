import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { registryId } from '../../src/domain/identity.ts';
import { Secret } from '../../src/domain/secret.ts';
import { ECR, ECR_MINT } from '../support/amazon-mint.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../support/use-cases.ts';

const SOURCE = new Secret('x'.repeat(40));

describe('the next version of a credential', () => {
  const ID = registryId(PROJECT, ECR);
  const successor = {
    username: 'AKIAIOSFODNN7EXAMPLE',
    expiresAt: undefined,
    expectedRevision: undefined,
    idempotencyKey: undefined,
  };
  const NEXT = {
    rotateCredential: ({ application }: World, changes: Partial<Parameters<typeof command.rotate>[0]>) =>
      application.rotateCredential(
        aCaller(),
        PROJECT,
        ID,
        command.rotate({ ...successor, password: undefined, ...changes }),
      ),
    stageCredential: (
      { application }: World,
      changes: Partial<Parameters<World['application']['stageCredential']>[3]>,
    ) =>
      application.stageCredential(aCaller(), PROJECT, ID, {
        ...successor,
        password: undefined,
        mint: undefined,
        ...changes,
      }),
  };
  const names = ['rotateCredential', 'stageCredential'] as const;

  async function withRegistry(): Promise<World> {
    const world = createWorld();
    const password = Buffer.from(JSON.stringify({ expiration: 1_900_000_000 })).toString('base64');
    const created = command.create({ url: ECR, username: 'AWS', password: new Secret(password) });
    await world.application.createRegistry(aCaller(), PROJECT, created);
    return world;
  }

  it.each(names)('of %s may be one that passwords are minted from', async (name) => {
    const world = await withRegistry();
    const { credential, mint, username } = await NEXT[name](world, { password: SOURCE, mint: ECR_MINT });
    const { application } = world;
    const isStaged = name === 'stageCredential';
    expect([credential.kind === 'MINTED', mint === null, username]).toEqual(
      isStaged ? [false, true, 'AWS'] : [true, false, 'AKIAIOSFODNN7EXAMPLE'],
    );
    if (isStaged) {
      const activation = { version: 2, verify: false, graceMinutes: 0, expectedRevision: undefined };
      await application.activateCredential(aCaller(), PROJECT, ID, { ...activation, idempotencyKey: undefined });
    }
    const issued = await application.issueCredential(aCaller(), PROJECT, command.issue({ image: `${ECR}/app` }));
    expect([issued.username, issued.password.reveal()]).toEqual(['minted', 'minted 1']);
    expect(world.minted[0]?.source.password.reveal()).toBe(SOURCE.reveal());
  });

  it.each(
    names.flatMap((name) => [
      { name, entered: 'neither', changes: {}, fix: 'enter it as `password`' },
      { name, entered: 'a blank', changes: { password: new Secret('\n') }, fix: 'enter it as `password`' },
      { name, entered: 'no more `mint`', changes: { mint: null }, fix: 'enter it as `password`' },
      { name, entered: 'only `mint`', changes: { mint: ECR_MINT }, fix: 'enter an access key id and its secret' },
    ]),
  )('of $name with $entered is refused, with the fix, and the stored one stays', async ({ name, changes, fix }) => {
    const world = await withRegistry();
    await expect(NEXT[name](world, { ...changes, idempotencyKey: randomUUID() })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'password' },
      message: expect.stringContaining(fix),
    });
    expect(world.secretStates()).toEqual(['current']);
    expect(world.eventsOf('AccessDenied')).toMatchObject([{ data: { code: 'BAD_USER_INPUT', field: 'password' } }]);
  });
});
