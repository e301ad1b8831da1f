import { describe, expect, it } from 'vitest';
import type { EventLog } from '../../src/application/ports/event-log.ts';
import type { RequestContext } from '../../src/application/request-context.ts';
import { registryId, trustStream } from '../../src/domain/identity.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { EnteredRule } from '../../src/domain/trust/entered-rule.ts';
import { entered, GITHUB } from '../domain/trust/rules.ts';
import { canary } from '../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../support/use-cases.ts';

const ID = registryId(PROJECT, 'registry.example');
const UNKNOWN = '7f4c54a5-6f0a-4a47-9f0a-51f2ad0a5a01';
const PUSHED = { purposes: ['PUSH'] } as const;

function author(permissions: readonly string[] = Object.values(PERMISSIONS)): RequestContext {
  const { principal, ...rest } = aCaller('ada');
  return { ...rest, principal: { ...principal, grants: new Map([[PROJECT, new Set(permissions)]]) } };
}

async function aWorld(): Promise<World> {
  const world = createWorld();
  world.ruleIssuers.add(GITHUB);
  await world.application.createRegistry(author(), PROJECT, command.create({ password: new Secret(canary('rule')) }));
  return world;
}

const create = ({ application }: World, changes: Partial<EnteredRule> = {}) =>
  application.createTrustRule(author(), PROJECT, { ...entered(changes), idempotencyKey: undefined });

const review = async (world: World, changes: Partial<EnteredRule>, id?: string, by = author()) => {
  const { rejections, warnings } = await world.application.reviewTrustRule(by, PROJECT, id, changes);
  return { rejected: rejections.map(({ field, error: { code } }) => `${code} ${field}`), warnings };
};

describe('a rule before it is saved', () => {
  it('is reviewed as the rule that would be created, and nothing is written', async () => {
    const world = await aWorld();
    const before = world.events.length;
    const { name: _name, ...unnamed } = entered({ allowPassword: true });
    expect(await review(world, unnamed)).toMatchObject({ rejected: ['BAD_USER_INPUT name'] });
    const found = await review(world, { ...unnamed, name: 'main' });
    expect(found.rejected).toEqual([]);
    expect(world.events).toHaveLength(before);
    expect((await create(world, { allowPassword: true })).warnings).toEqual(found.warnings);
    expect(found.warnings).toEqual([expect.stringContaining('allowPassword')]);
  });

  it('is reviewed as a change of the rule that there is: what is left out stays', async () => {
    const world = await aWorld();
    const matches = [{ claim: 'repository_id', equals: ['74'] }];
    const { rule } = await create(world, { matches });
    expect(await review(world, { name: 'release' }, rule.id)).toMatchObject({ rejected: [] });
    const { rejected } = await review(world, PUSHED, rule.id);
    expect(rejected).toEqual(['BAD_USER_INPUT matches']);
    const change = { changes: PUSHED, expectedRevision: undefined, idempotencyKey: undefined };
    await expect(world.application.updateTrustRule(author(), PROJECT, rule.id, change)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'matches' },
    });
    await expect(review(world, {}, UNKNOWN)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(review(world, {}, 'x')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(world.events.filter(({ stream }) => stream === trustStream(PROJECT))).toHaveLength(1);
  });

  it('may name registries of the project alone, and grant what its author holds', async () => {
    const world = await aWorld();
    expect(await review(world, entered({ registryIds: [ID] }))).toMatchObject({ rejected: [] });
    const poor = author([PERMISSIONS.trustWrite]);
    expect(await review(world, entered({ registryIds: [ID, UNKNOWN] }), undefined, poor)).toMatchObject({
      rejected: ['BAD_USER_INPUT registryIds', 'FORBIDDEN permissions'],
    });
  });

  it('reads no more streams than a rule may name registries', async () => {
    const world = await aWorld();
    const password = new Secret(canary('rule'));
    const urls = Array.from({ length: 51 }, (_, index) => `r${index}.example`);
    for (const url of urls)
      await world.application.createRegistry(author(), PROJECT, command.create({ url, password }));
    let reads = 0;
    const application = world.replica((log: EventLog) => ({
      ...log,
      readStream: (stream, options) => {
        reads += 1;
        return log.readStream(stream, options);
      },
    }));
    const readsOf = async (registryIds: readonly string[]) => {
      reads = 0;
      const changes = entered({ registryIds });
      const { rejections } = await application.reviewTrustRule(author(), PROJECT, undefined, changes);
      await application.createTrustRule(author(), PROJECT, { ...changes, idempotencyKey: null }).catch(() => undefined);
      return [rejections.map(({ field }) => field), reads] as const;
    };
    const ids = urls.map((url) => registryId(PROJECT, url));
    // One of the project's rules for each of the two.
    expect(await readsOf(ids)).toEqual([['registryIds'], 2]);
    const [rejected, some] = await readsOf(Array.from({ length: 300 }, () => ID));
    expect(rejected).toEqual([]);
    expect(some).toBeLessThan(10);
  });
});
