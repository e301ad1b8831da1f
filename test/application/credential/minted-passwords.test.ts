import { setImmediate as turn } from 'node:timers/promises';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type createMintedPasswords,
  isReusable,
  mintingAdvice,
  RETRY_AFTER_MS,
} from '../../../src/application/credential/minted-passwords.ts';
import type { MintingFault } from '../../../src/application/ports/password-minter.ts';
import { MintingFailed } from '../../../src/application/ports/password-minter.ts';
import { SecretIntegrityError } from '../../../src/application/ports/vault.ts';
import { PurserError } from '../../../src/domain/errors.ts';
import { createMutant } from '../../support/mutant.ts';
import { ask, createWorld, HOST, LIFE_MS, mint, refusal, request, START, type World } from '../minted-world.ts';

describe('a requested password', () => {
  it('is minted from the stored credential, kept, and given again without opening the cloud credential', async () => {
    const world = createWorld();
    const first = await world.passwords.passwordFor(request(world));
    expect(first).toMatchObject({ username: 'AWS', expiresAt: new Date(START + LIFE_MS).toISOString() });
    expect(await ask(world)).toBe('password 1');
    expect(world.minted).toMatchObject([{ url: HOST, mint: { kind: 'AMAZON_ECR' }, source: { username: 'AKIA' } }]);
    expect(world.opened).toBe(1);
  });

  it('is the kept one until a quarter of its lifetime is left, and a new one from then on', async () => {
    const world = createWorld();
    await ask(world);
    world.now = START + LIFE_MS * 0.75 - 1;
    expect(await ask(world)).toBe('password 1');
    world.now = START + LIFE_MS * 0.75;
    expect(await ask(world)).toBe('password 2');
    expect(await ask(world)).toBe('password 2');
  });

  it.each([
    ['once more if the kept one would not outlast its use', 44, 3600, 'password 2'],
    ['not again if the kept one outlasts its use', 44, 900, 'password 1'],
    ['once more if the kept one would end just before its use does', 45, 901, 'password 2'],
    ['not again if a new one would hardly last longer', 3, 86_400, 'password 1'],
    ['once more if a new one would last longer, though less than its use', 4, 86_400, 'password 2'],
  ])('is minted %s', async (_, minutesLater, neededSeconds, expected) => {
    const world = createWorld();
    world.lifeMs = 3_600_000;
    const neededMs = neededSeconds * 1000;
    await ask(world, { neededMs });
    world.now += minutesLater * 60_000;
    expect(await ask(world, { neededMs })).toBe(expected);
  });

  it('lasts long enough for each of two callers that ask at once', async () => {
    const world = createWorld();
    world.lifeMs = 3_600_000;
    await ask(world);
    world.now += 30 * 60_000;
    const [short, long] = await Promise.all([ask(world, { neededMs: 60_000 }), ask(world, { neededMs: 3_600_000 })]);
    expect([short, long]).toEqual(['password 1', 'password 2']);
  });

  it('is minted once for a hundred concurrent requests', async () => {
    const world = createWorld();
    world.cloud = 'held';
    const asked = Array.from({ length: 100 }, () => ask(world));
    while (world.minted.length === 0) await turn();
    world.release();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['password 1']));
    expect([world.minted.length, world.opened]).toEqual([1, 1]);
  });

  it('would be minted a hundred times if requests did not share one answer', async () => {
    const mutant = await createMutant('application/credential', [
      { file: 'minted-passwords.ts', find: 'underWay.set(flight, asked);', replace: '' },
    ]);
    const { createMintedPasswords: broken } = await mutant.load<{
      createMintedPasswords: typeof createMintedPasswords;
    }>('minted-passwords.ts');
    const world = createWorld(broken);
    await Promise.all(Array.from({ length: 100 }, () => ask(world)));
    expect(world.minted.length).toBeGreaterThan(1);
  });

  it('is a different one for another registry, version, source or purpose', async () => {
    const world = createWorld();
    const { binding } = request(world);
    const answers = await Promise.all([
      ask(world),
      ask(world, { binding: { ...binding, credentialVersion: 2 }, source: { secretId: 'other' } }),
      ask(world, { mint: mint('GOOGLE'), source: { secretId: 'google' }, purpose: 'PULL' }),
      ask(world, { mint: mint('GOOGLE'), source: { secretId: 'google' }, purpose: 'PUSH' }),
    ]);
    expect(new Set(answers).size).toBe(4);
    expect(world.minted.map(({ purpose }) => purpose).sort()).toEqual(['PULL', 'PUSH', 'PUSH', 'PUSH']);
  });

  it('is the same for pulling and pushing if the cloud cannot narrow it', async () => {
    const world = createWorld();
    expect(await ask(world, { purpose: 'PULL' })).toBe(await ask(world, { purpose: 'PUSH' }));
    expect(world.minted).toHaveLength(1);
  });
});

describe('a cloud that fails', () => {
  it.each<MintingFault>([
    'CREDENTIAL_REFUSED',
    'NOT_PERMITTED',
    'NOT_FOUND',
    'CLOCK_SKEWED',
    'THROTTLED',
    'UNREACHABLE',
    'TARGET_NOT_ALLOWED',
    'UNEXPECTED_ANSWER',
  ])('with %s makes the credential unavailable, and the message gives only the fault and what to do', async (fault) => {
    const world = createWorld();
    world.cloud = fault;
    const error = await refusal(world);
    expect(error.code).toBe('CREDENTIAL_UNAVAILABLE');
    expect(error.message).toBe(
      `No password could be minted for ${HOST} (${fault}). ${mintingAdvice(new MintingFailed(fault))}`,
    );
    expect(inspect(error, { depth: null })).not.toContain('CANARY');
  });

  it('fails all concurrent callers with one request', async () => {
    const world = createWorld();
    world.cloud = 'UNREACHABLE';
    await Promise.all(Array.from({ length: 20 }, () => refusal(world)));
    expect(world.minted).toHaveLength(1);
  });

  it('is not asked for a moment, and then again', async () => {
    const world = createWorld();
    world.cloud = 'UNREACHABLE';
    await refusal(world);
    world.cloud = 'well';
    world.now += RETRY_AFTER_MS - 1;
    expect((await refusal(world)).message).toContain('UNREACHABLE');
    expect(world.minted).toHaveLength(1);
    world.now += 1;
    expect(await ask(world)).toBe('password 2');
  });

  it('is asked at once if the credential was rotated meanwhile', async () => {
    const world = createWorld();
    world.cloud = 'CREDENTIAL_REFUSED';
    await refusal(world);
    world.cloud = 'well';
    expect(await ask(world, { source: { secretId: 'rotated' } })).toBe('password 2');
  });

  it('does not take away the old password while that is usable', async () => {
    const world = createWorld();
    await ask(world);
    world.cloud = 'UNREACHABLE';
    world.now = START + LIFE_MS - 60_000;
    expect(await ask(world)).toBe('password 1');
    expect(world.minted).toHaveLength(2);
    // With less than a minute left, a pull would fail half-way.
    world.now += 1;
    expect((await refusal(world)).code).toBe('CREDENTIAL_UNAVAILABLE');
  });

  it('lets other errors through as they are', async () => {
    const world = createWorld();
    const gone = new PurserError('CREDENTIAL_UNAVAILABLE', 'The stored password is missing.');
    const openSource = () => Promise.reject(gone);
    await expect(world.passwords.passwordFor(request(world, { openSource }))).rejects.toBe(gone);
    expect(world.minted).toHaveLength(0);
  });
});

describe('a vault that fails', () => {
  it('with an altered password gets a new one minted, and the operator is told', async () => {
    const world = createWorld();
    await ask(world);
    world.vault = 'altered';
    expect(await ask(world)).toBe('password 2');
    expect(world.faults).toEqual([expect.any(SecretIntegrityError)]);
  });

  it('to keep a password does not take that password away', async () => {
    const world = createWorld();
    world.vault = 'unavailable for keeping';
    expect(await ask(world)).toBe('password 1');
    expect(world.faults).toHaveLength(1);
  });
});

describe('a cloud credential that is gone', () => {
  it('before the cloud is asked gives no password, and the cloud is never asked', async () => {
    const world = createWorld();
    const given = await world.passwords.passwordFor(request(world, { openSource: async () => undefined }));
    expect(given).toBeUndefined();
    expect(world.minted).toHaveLength(0);
  });

  it('after a password was minted from it keeps that password from leaving', async () => {
    const world = createWorld();
    world.vault = 'without its source';
    expect(await world.passwords.passwordFor(request(world))).toBeUndefined();
    expect(world.minted).toHaveLength(1);
  });
});

describe('in any sequence of events', () => {
  const steps = fc.array(
    fc.record({
      elapsed: fc.integer({ min: 0, max: LIFE_MS }),
      cloud: fc.constantFrom<World['cloud']>('well', 'well', 'UNREACHABLE'),
      life: fc.integer({ min: 60_000, max: LIFE_MS }),
      neededMs: fc.integer({ min: 60_000, max: 2 * LIFE_MS }),
    }),
    { minLength: 1, maxLength: 30 },
  );

  it('no expired password is given, none is minted while one can be reused, and none is refused while one is usable', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (taken) => {
        const world = createWorld();
        let failedAt = Number.NEGATIVE_INFINITY;
        for (const { elapsed, cloud, life, neededMs } of taken) {
          Object.assign(world, { now: world.now + elapsed, cloud, lifeMs: life });
          const before = [...world.kept.values()].at(-1);
          const mintedBefore = world.minted.length;
          const given = await world.passwords.passwordFor(request(world, { neededMs })).catch(() => undefined);
          if (given !== undefined) expect(Date.parse(given.expiresAt)).toBeGreaterThan(world.now);
          if (before !== undefined && Date.parse(before.expiresAt) - world.now >= 60_000) expect(given).toBeDefined();
          if (before !== undefined && isReusable(before, neededMs, world.now)) {
            expect(world.minted).toHaveLength(mintedBefore);
          }
          if (cloud !== 'well') failedAt = world.now;
          // Just after a failure, the cloud is not asked.
          const isFresh = given !== undefined && world.now - failedAt >= RETRY_AFTER_MS;
          const left = isFresh ? Date.parse(given.expiresAt) - world.now : Number.POSITIVE_INFINITY;
          const fullLife = isFresh ? Date.parse(given.expiresAt) - Date.parse(given.issuedAt) : 0;
          expect(left).toBeGreaterThanOrEqual(Math.min(neededMs, 0.95 * fullLife));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('the share that must be left does not depend on when the password was minted and how long it lasts', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: 4, max: 1e9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (issued, life, share) => {
          const at = issued + Math.floor(life * share);
          const [issuedAt, expiresAt] = [issued, issued + life].map((time) => new Date(time).toISOString());
          const left = (issued + life - at) / life;
          expect(isReusable({ issuedAt: issuedAt ?? '', expiresAt: expiresAt ?? '' }, 0, at)).toBe(left > 0.25);
        },
      ),
    );
  });
});
