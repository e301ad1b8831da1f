import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evolveRegistry, initialRegistryState } from '../../../src/domain/evolve-registry.ts';
import { type Decision, decideDelete, type RegistryState } from '../../../src/domain/registry.ts';
import type { RegistryEvent } from '../../../src/domain/registry-events.ts';
import {
  decideAbandon,
  decideActivate,
  decideRetire,
  decideRotate,
  decideStage,
  heldVersions,
} from '../../../src/domain/rotation.ts';
import { type SecretEffect, secretEffectsOf } from '../../../src/domain/secret-effects.ts';
import { createdEvent } from '../../support/recorded-events.ts';
import { createVaultFixture, type SealedCredential, sealSome, type VaultFixture } from './vault-fixture.ts';

const AT = '2030-01-01T00:00:00.000Z';
const LATER = '2031-01-01T00:00:00.000Z';
const PROPOSED = { kind: 'TOKEN', expiresAt: null, expirySource: null, warnings: [], mint: null } as const;

const STEPS = [
  'create',
  'rotate',
  'rotate against a loser',
  'stage',
  'stage against a loser',
  'activate',
  'activate with a grace',
  'abandon',
  'retire',
  'discard',
  'delete',
] as const;
type Step = (typeof STEPS)[number];

const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom<Step>('stage', 'activate with a grace') },
    fc.constantFrom(...STEPS),
  ),
  { minLength: 1, maxLength: 12 },
);

interface History {
  readonly sealed: SealedCredential[];
  /** What each command settles. */
  readonly settled: (readonly SecretEffect[])[];
  state: RegistryState;
  /** Sealed for an event that is still to come. */
  waiting: SealedCredential;
}

/** The decisions of the service, with a row for each secret and for each that lost against it. */
async function historyOf(taken: readonly Step[], on: VaultFixture): Promise<History> {
  const registryId = randomUUID();
  const sealed: SealedCredential[] = [];
  const settled: (readonly SecretEffect[])[] = [];
  let state: RegistryState = initialRegistryState;

  const seal = async (credentialVersion: number): Promise<SealedCredential> => {
    const added = await sealSome(on, 'history', { registryId, credentialVersion });
    sealed.push(added);
    return added;
  };
  const created = async (): Promise<readonly RegistryEvent[]> => {
    if (state.phase === 'live') return [];
    const version = state.lastVersion + 1;
    const { ref } = await seal(version);
    const { data } = createdEvent('a', version) as Extract<RegistryEvent, { type: 'RegistryCreated' }>;
    return [{ type: 'RegistryCreated', data: { ...data, registryId, credential: { ...data.credential, ...ref } } }];
  };
  const discarded = async (): Promise<readonly RegistryEvent[]> => {
    const credentialVersion = state.lastVersion + 1;
    const { secretId } = (await seal(credentialVersion)).ref;
    return [{ type: 'PendingSecretDiscarded', data: { registryId, secretId, credentialVersion } }];
  };
  const decided = async (step: Step): Promise<readonly RegistryEvent[]> => {
    if (step === 'create') return created();
    if (step === 'discard') return discarded();
    const decision = decide(step, state);
    if (decision === null || decision.seal === null) return decision?.events ?? [];
    if (step.endsWith('loser')) await seal(decision.seal.version);
    return decision.events((await seal(decision.seal.version)).ref);
  };

  for (const step of ['create' as const, ...taken]) {
    const events = await decided(step);
    settled.push(events.flatMap((event) => secretEffectsOf(event, state.lastVersion)));
    state = events.reduce((folded, event) => evolveRegistry(folded, event, { at: AT, actor: 'ada' }), state);
  }
  return { sealed, settled, state, waiting: await seal(state.lastVersion + 1) };
}

function decide(step: Step, state: RegistryState): Decision | null {
  if (state.phase !== 'live') return null;
  const staged = state.staged?.version;
  const change = { username: undefined, credential: PROPOSED };
  switch (step) {
    case 'rotate':
    case 'rotate against a loser':
      return decideRotate(state, { ...change, refusedWhileLeased: 0 });
    case 'stage':
    case 'stage against a loser':
      return decideStage(state, { ...change, label: null });
    case 'activate':
      return staged === undefined ? null : decideActivate(state, { version: staged, graceMinutes: 0 }, Date.parse(AT));
    case 'activate with a grace':
      return staged === undefined ? null : decideActivate(state, { version: staged, graceMinutes: 60 }, Date.parse(AT));
    case 'abandon':
      return staged === undefined ? null : decideAbandon(state, staged);
    case 'retire': {
      const version = state.retiring?.version ?? 0;
      return { seal: null, events: decideRetire(state, { version, activeLeases: 1, at: LATER }) };
    }
    case 'delete':
      return decideDelete(state, { force: true, activeLeases: 0 });
    default:
      return null;
  }
}

/** What the vault should hold, by the log. */
function expected({ state, waiting }: History): Map<string, string> {
  const states = new Map([[waiting.ref.secretId, 'pending']]);
  if (state.phase !== 'live') return states;
  states.set(state.credential.secretId, 'current');
  if (state.staged) states.set(state.staged.secretId, 'staged');
  if (state.retiring) states.set(state.retiring.secretId, 'retiring');
  return states;
}

async function holds(on: VaultFixture, history: History): Promise<boolean> {
  const rows = await on.sql<{ secret_id: string; state: string }>(
    "select secret_id, state from vault.secrets where secret_id = any($1) and state <> 'destroyed'",
    [history.sealed.map(({ ref }) => ref.secretId)],
  );
  const wanted = expected(history);
  return rows.length === wanted.size && rows.every(({ secret_id, state }) => wanted.get(secret_id) === state);
}

/** Settles as the commands do, then once more from the start in batches, as a projector that was behind, then at once. */
async function survivesReplay(taken: readonly Step[], batch: number, on: VaultFixture): Promise<boolean> {
  const history = await historyOf(taken, on);
  const { settled } = history;
  for (const effects of settled) await on.vault.settle(effects);
  if (!(await holds(on, history))) return false;
  for (let from = 0; from < settled.length; from += batch) {
    await on.vault.settle(settled.slice(from, from + batch).flat());
    if (!(await holds(on, history))) return false;
  }
  await on.vault.settle(settled.flat());
  return holds(on, history);
}

/** The commands broke off before they settled anything. */
async function isCaughtUp(taken: readonly Step[], batch: number, on: VaultFixture): Promise<boolean> {
  const history = await historyOf(taken, on);
  const { settled } = history;
  for (let from = 0; from < settled.length; from += batch)
    await on.vault.settle(settled.slice(from, from + batch).flat());
  return holds(on, history);
}

const batches = fc.integer({ min: 1, max: 13 });

describe('any history of a registry', () => {
  let fixture: VaultFixture;
  beforeAll(async () => {
    fixture = await createVaultFixture();
  });
  afterAll(() => fixture.close());

  it('leaves one current, one staged and one retiring secret at most, as the log says, also if it is applied again', async () => {
    await fc.assert(
      fc.asyncProperty(steps, batches, (taken, batch) => survivesReplay(taken, batch, fixture)),
      { numRuns: 40 },
    );
  });

  it('leaves the same if only the projector applies it, in batches of any size', async () => {
    await fc.assert(
      fc.asyncProperty(steps, batches, (taken, batch) => isCaughtUp(taken, batch, fixture)),
      { numRuns: 40 },
    );
  });

  it('opens each version that the registry holds, and no other', async () => {
    const history = await historyOf(['stage', 'activate with a grace', 'stage'], fixture);
    for (const effects of history.settled) await fixture.vault.settle(effects);
    if (history.state.phase !== 'live') throw new Error('the registry must be live');
    const held = heldVersions(history.state).map(({ credential }) => credential.secretId);
    expect(held).toHaveLength(3);
    for (const { ref, binding } of history.sealed) {
      const opened = await fixture.vault.open(binding, ref);
      expect(opened !== undefined).toBe(held.includes(ref.secretId) || ref === history.waiting.ref);
    }
  });

  it.each([
    {
      fault: 'an event that comes again took a secret back',
      name: 'advance',
      find: 'vault.place_of(s.state) < vault.place_of(advanced.state)',
      replace: "s.state <> 'destroyed'",
    },
    {
      fault: 'settling left those that lost',
      name: 'advance',
      find: "s.state = 'pending' and s.secret_id <> all(secret_ids)",
      replace: 'false',
    },
    {
      fault: 'replacing looked at no version',
      name: 'destroy_registries',
      find: 's.credential_version <= deleted.up_to_version',
      replace: 'true',
    },
    {
      fault: 'a grace did not keep the version',
      name: 'destroy_registries',
      find: 's.credential_version is distinct from deleted.kept_version',
      replace: 'true',
    },
    { fault: 'ending did nothing', name: 'end_secrets', find: 'ended.secret_id = any(secret_ids)', replace: 'false' },
    { fault: 'discarding did nothing', name: 'destroy_secrets', find: 'secret_id = any(secret_ids)', replace: 'false' },
  ])('is caught going wrong if $fault', async ({ name, find, replace }) => {
    const own = await createVaultFixture();
    try {
      const [row] = await own.sql<{ definition: string }>('select pg_get_functiondef($1::regproc) as definition', [
        `vault.${name}`,
      ]);
      expect(row?.definition.split(find)).toHaveLength(2);
      await own.sql(row?.definition.replace(find, replace) ?? '');
      const property = fc.asyncProperty(steps, batches, (taken, batch) => survivesReplay(taken, batch, own));
      expect((await fc.check(property, { numRuns: 60, endOnFailure: true })).failed).toBe(true);
    } finally {
      await own.close();
    }
  });
});
