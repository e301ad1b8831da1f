import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolveRegistry, initialRegistryState } from '../../src/domain/evolve-registry.ts';
import {
  type Decision,
  decideDelete,
  type LiveRegistry,
  type ProposedCredential,
  type RegistryState,
} from '../../src/domain/registry.ts';
import type { RegistryCreated, RegistryEvent } from '../../src/domain/registry-events.ts';
import { decideUpdate } from '../../src/domain/registry-update.ts';
import {
  decideAbandon,
  decideActivate,
  decideRetire,
  decideRotate,
  decideStage,
  heldVersions,
  withReadable,
  withStaged,
} from '../../src/domain/rotation.ts';
import { createdEvent, idOf } from '../support/recorded-events.ts';
import { ACTOR, AT, eventsOf, registry, SEALED } from './registry-specification.ts';

const NOW = Date.parse(AT);
const HOUR_LATER = '2026-03-01T11:00:00.000Z';
const registryId = idOf('a');
const proposed: ProposedCredential = {
  kind: 'TOKEN',
  expiresAt: null,
  expirySource: null,
  warnings: [],
  mint: null,
};
const credential = (version: number) => ({ version, ...proposed, ...SEALED });
const { data: details } = createdEvent('a', 1) as RegistryCreated;
const created: RegistryEvent = { type: 'RegistryCreated', data: { ...details, credential: credential(1) } };

const staged = (version: number, username = 'ada'): RegistryEvent => ({
  type: 'CredentialStaged',
  data: { registryId, username, credential: credential(version), label: null },
});
const activated = (version: number, kept: number | null = null, username = 'ada'): RegistryEvent => ({
  type: 'CredentialActivated',
  data: {
    registryId,
    username,
    credential: credential(version),
    retiring: kept === null ? null : { credentialVersion: kept, secretId: SEALED.secretId, graceEndsAt: HOUR_LATER },
  },
});
const abandoned = (version: number, reason: 'REQUESTED' | 'REPLACED' = 'REPLACED'): RegistryEvent => ({
  type: 'StagedCredentialAbandoned',
  data: { registryId, credentialVersion: version, secretId: SEALED.secretId, reason },
});
const retired = (
  version: number,
  reason: 'LAST_LEASE_ENDED' | 'GRACE_ENDED' | 'REPLACED' = 'REPLACED',
): RegistryEvent => ({
  type: 'CredentialRetired',
  data: { registryId, credentialVersion: version, secretId: SEALED.secretId, reason },
});
const rotated = (version: number): RegistryEvent => ({
  type: 'CredentialRotated',
  data: { registryId, username: 'ada', credential: credential(version) },
});

type Command = (state: RegistryState) => Decision;
const stage =
  (username?: string): Command =>
  (state) =>
    decideStage(state, { username, credential: proposed, label: null });
const activate =
  (version: number, graceMinutes = 0): Command =>
  (state) =>
    decideActivate(state, { version, graceMinutes }, NOW);
const abandon =
  (version: number): Command =>
  (state) =>
    decideAbandon(state, version);
const retire =
  (version: number, activeLeases: number | null, at = AT): Command =>
  (state) => ({ seal: null, events: decideRetire(state, { version, activeLeases, at }) });
const rotate: Command = (state) =>
  decideRotate(state, { username: undefined, credential: proposed, refusedWhileLeased: 0 });

function liveOf(...events: readonly RegistryEvent[]): LiveRegistry {
  const { state } = registry.given(...events);
  if (state.phase !== 'live') throw new Error('the registry must be live');
  return state;
}

describe('staging a credential', () => {
  it('keeps the current one and counts the next version', () => {
    const state = registry.given(created).when(stage('grace')).then(staged(2, 'grace'));
    expect(state).toMatchObject({
      username: 'ada',
      credential: { version: 1 },
      staged: { version: 2, username: 'grace', stagedAt: AT, stagedBy: ACTOR },
      lastVersion: 2,
    });
  });

  it('replaces a staged one by a higher version', () => {
    registry.given(created, staged(2)).when(stage()).then(abandoned(2), staged(3));
  });

  it('leaves a version that retires alone', () => {
    const given = registry.given(created, staged(2), activated(2, 1));
    expect(given.when(stage()).then(staged(3))).toMatchObject({ retiring: { version: 1 } });
  });
});

describe('activating a staged credential', () => {
  it('makes it current at once, with its user name, and keeps nothing else', () => {
    const state = registry
      .given(created, staged(2, 'grace'))
      .when(activate(2))
      .then(activated(2, null, 'grace'));
    expect(state).toMatchObject({
      username: 'grace',
      credential: { version: 2, rotatedAt: AT },
      staged: null,
      retiring: null,
    });
  });

  it('keeps the version before for a grace', () => {
    const state = registry
      .given(created, staged(2, 'grace'))
      .when(activate(2, 60))
      .then(activated(2, 1, 'grace'));
    expect(state).toMatchObject({ retiring: { version: 1, username: 'ada', graceEndsAt: HOUR_LATER } });
  });

  it('ends the grace of an earlier activation', () => {
    registry
      .given(created, staged(2), activated(2, 1), staged(3))
      .when(activate(3, 60))
      .then(retired(1), activated(3, 2));
  });

  it.each([
    ['nothing is staged', registry.given(created), 2],
    ['another version is staged', registry.given(created, staged(2), abandoned(2), staged(3)), 2],
    ['it was abandoned', registry.given(created, staged(2), abandoned(2)), 2],
    ['it is active already', registry.given(created, staged(2), activated(2)), 2],
    ['the registry does not exist', registry.given(), 1],
  ])('does not find it if %s', (_why, given, version) => {
    given.when(activate(version)).thenRefused('NOT_FOUND');
    given.when(abandon(version)).thenRefused('NOT_FOUND');
  });

  it.each([-1, 1441, 0.5, Number.NaN])('refuses a grace of %d minutes', (minutes) => {
    registry.given(created, staged(2)).when(activate(2, minutes)).thenRefused('BAD_USER_INPUT', 'graceMinutes');
  });
});

it('abandoning destroys the staged version and never gives its number again', () => {
  registry.given(created, staged(2)).when(abandon(2)).then(abandoned(2, 'REQUESTED'));
  registry.given(created, staged(2), abandoned(2)).when(stage()).then(staged(3));
});

describe('a new current version that was not staged', () => {
  const beside = [created, staged(2), activated(2, 1), staged(3)];

  it('ends the staged and the retiring version, by a rotation', () => {
    registry
      .given(...beside)
      .when(rotate)
      .then(abandoned(3), retired(1), rotated(4));
  });

  it('does so by a new user name, too', () => {
    const { state } = registry.given(...beside);
    const change = { details: { username: 'eve' }, expiresAt: undefined, credential: null };
    expect(eventsOf(decideUpdate(state, change)).map(({ type }) => type)).toEqual([
      'StagedCredentialAbandoned',
      'CredentialRetired',
      'RegistryUpdated',
    ]);
  });

  it('and a deletion leaves none', () => {
    const { state } = registry.given(...beside);
    const deleted = eventsOf(decideDelete(state, { force: true, activeLeases: 0 }));
    expect(deleted.map(({ type }) => type)).toEqual(['RegistryDeleted']);
  });
});

describe('retiring a version', () => {
  const given = registry.given(created, staged(2), activated(2, 1));

  it('waits for its last lease', () => {
    given.when(retire(1, 1)).then();
    given.when(retire(1, 0)).then(retired(1, 'LAST_LEASE_ENDED'));
  });

  it('does not wait longer than the grace', () => {
    given.when(retire(1, 1, '2026-03-01T10:59:59.999Z')).then();
    for (const leases of [1, 0, null]) given.when(retire(1, leases, HOUR_LATER)).then(retired(1, 'GRACE_ENDED'));
    given.when(retire(1, null)).then();
  });

  it('happens once, and never to another version', () => {
    registry.given(created, staged(2), activated(2, 1), retired(1)).when(retire(1, 0)).then();
    given.when(retire(2, 0)).then();
    registry.given().when(retire(1, 0)).then();
  });
});

describe('the version that a lease may be given again', () => {
  const live = liveOf(created, staged(2, 'grace'), activated(2, 1, 'grace'), staged(3));
  const expiring = (expiresAt: string): LiveRegistry => ({
    ...live,
    retiring: live.retiring && { ...live.retiring, expiresAt },
  });

  it('is the current one, or the retiring one during its grace', () => {
    expect(withReadable(live, 2, NOW)).toBe(live);
    expect(withReadable(live, 1, NOW)).toMatchObject({ username: 'ada', credential: { version: 1 } });
    expect(withReadable(live, 1, Date.parse(HOUR_LATER))).toBeNull();
  });

  it('is no staged one, and none that ended or has expired', () => {
    expect(withReadable(live, 3, NOW)).toBeNull();
    expect(withReadable(liveOf(created, staged(2), activated(2)), 1, NOW)).toBeNull();
    expect(withReadable(expiring(AT), 1, NOW)).toBeNull();
    expect(withReadable(expiring(HOUR_LATER), 1, NOW)).not.toBeNull();
  });

  it('belongs to a registry that holds three versions at most', () => {
    expect(heldVersions(live).map((held) => [held.username, held.credential.version])).toEqual([
      ['grace', 2],
      ['ada', 3],
      ['ada', 1],
    ]);
    if (live.staged === null) throw new Error('a version is staged');
    expect(withStaged(live, live.staged)).toMatchObject({ credential: { version: 3, rotatedBy: ACTOR } });
  });
});

const ASKED = ['username', 'rotate', 'stage', 'activate', 'grace', 'abandon', 'retire', 'delete', 'create'] as const;

it('in any order of commands, no version comes back, and none takes the place of a later one', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...ASKED), { maxLength: 40 }), (steps) => {
      let state: RegistryState = registry.given(created).state;
      const gone = new Set<number>();
      const given = new Set([1]);
      let highest = 1;
      for (const step of steps) {
        const before = versionsOf(state);
        for (const event of attempt(state, step)) {
          state = evolveRegistry(state, event, { at: AT, actor: ACTOR });
          const after = versionsOf(state);
          for (const version of [...given]) if (!after.includes(version)) gone.add(version);
          for (const version of after) {
            expect(gone.has(version)).toBe(false);
            if (!given.has(version)) expect(version).toBeGreaterThan(highest);
            given.add(version);
            highest = Math.max(highest, version);
          }
          expect(new Set(after).size).toBe(after.length);
          expect(state.lastVersion).toBeGreaterThanOrEqual(highest);
        }
        if (state.phase !== 'live') continue;
        const { credential: now, staged: next, retiring: last } = state;
        expect(before.length).toBeLessThanOrEqual(3);
        if (next) expect(next.version).toBeGreaterThan(now.version);
        if (last) expect(last.version).toBeLessThan(now.version);
      }
    }),
  );
});

function versionsOf(state: RegistryState): number[] {
  return state.phase === 'live' ? heldVersions(state).map(({ credential: { version } }) => version) : [];
}

function attempt(state: RegistryState, step: (typeof ASKED)[number]): readonly RegistryEvent[] {
  if (state.phase !== 'live') {
    if (step !== 'create') return [];
    return [{ type: 'RegistryCreated', data: { ...details, credential: credential(state.lastVersion + 1) } }];
  }
  const next = state.staged?.version ?? 0;
  const commands: Readonly<Record<(typeof ASKED)[number], Command>> = {
    username: (live) =>
      decideUpdate(live, { details: { username: `${next}!` }, expiresAt: undefined, credential: null }),
    rotate,
    stage: stage(),
    activate: activate(next),
    grace: activate(next, 60),
    abandon: abandon(next),
    retire: retire(state.retiring?.version ?? 0, 0),
    delete: (live) => decideDelete(live, { force: true, activeLeases: 0 }),
    create: () => ({ seal: null, events: [] }),
  };
  try {
    return eventsOf(commands[step](state));
  } catch (error) {
    expect(error).toMatchObject({ code: 'NOT_FOUND' });
    return [];
  }
}

it('begins with nothing beside the current version', () => {
  expect(evolveRegistry(initialRegistryState, created, { at: AT, actor: ACTOR })).toMatchObject({
    staged: null,
    retiring: null,
  });
});
