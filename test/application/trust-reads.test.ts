import { describe, expect, it } from 'vitest';
import type { RequestContext } from '../../src/application/request-context.ts';
import { registryId, registryStream, trustStream } from '../../src/domain/identity.ts';
import { PERMISSIONS } from '../../src/domain/permissions.ts';
import { Secret } from '../../src/domain/secret.ts';
import { entered, GITHUB, GITHUB_CLAIMS } from '../domain/trust/rules.ts';
import { canary } from '../support/canary.ts';
import { aCaller, command, createWorld, PROJECT, type World } from '../support/use-cases.ts';

const RULES = trustStream(PROJECT);

function author(): RequestContext {
  const { principal, ...rest } = aCaller('ada');
  return { ...rest, principal: { ...principal, grants: new Map([[PROJECT, new Set(Object.values(PERMISSIONS))]]) } };
}

function job(): RequestContext {
  const { principal, ...rest } = aCaller(GITHUB_CLAIMS.sub);
  return { ...rest, principal: { ...principal, issuer: GITHUB, claims: GITHUB_CLAIMS } };
}

async function aRule(): Promise<{ world: World; id: string }> {
  const world = createWorld();
  world.ruleIssuers.add(GITHUB);
  const asked = { ...entered(), idempotencyKey: undefined };
  const { rule } = await world.application.createTrustRule(author(), PROJECT, asked);
  return { world, id: rule.id };
}

describe('the rules of a project', () => {
  it('are read once for all who ask at the same moment', async () => {
    const { world } = await aRule();
    let reads = 0;
    const counting = world.replica((log) => ({
      ...log,
      readStream(stream, options) {
        reads += Number(stream === RULES);
        return log.readStream(stream, options);
      },
    }));
    const ask = () => counting.isGranted(job().principal, PROJECT, PERMISSIONS.registryUse);
    const answers = await Promise.all(Array.from({ length: 1000 }, ask));
    expect(answers.every((granted) => granted)).toBe(true);
    expect(reads).toBeLessThanOrEqual(2);
  });

  it('are read anew for who asks after they changed, also while a read from before still runs', async () => {
    const { world, id } = await aRule();
    let release = () => {};
    let begin = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    let isFirst = true;
    const slow = world.replica((log) => ({
      ...log,
      async readStream(stream, options) {
        const page = await log.readStream(stream, options);
        if (stream !== RULES || !isFirst) return page;
        isFirst = false;
        begin();
        await released;
        return page;
      },
    }));
    const ask = () => slow.isGranted(job().principal, PROJECT, PERMISSIONS.registryUse);
    const before = ask();
    await begun;
    await world.application.deleteTrustRule(author(), PROJECT, id, undefined);
    const after = ask();
    release();
    expect([await before, await after]).toEqual([true, false]);
  });
});

it('a registry that is created while a job asks for it is issued within what the rule grants', async () => {
  const { world } = await aRule();
  const stream = registryStream(PROJECT, registryId(PROJECT, 'registry.example'));
  let isFirst = true;
  const early = world.replica((log) => ({
    ...log,
    async readStream(read, options) {
      const page = await log.readStream(read, options);
      if (read !== stream || !isFirst) return page;
      isFirst = false;
      const registry = command.create({ password: new Secret(canary('trusted')), access: 'PULL_AND_PUSH' });
      await world.application.createRegistry(author(), PROJECT, registry);
      return page;
    },
  }));
  await expect(early.issueCredential(job(), PROJECT, command.issue())).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(world.eventsOf('CredentialIssued')).toEqual([]);
});
