import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegistryCreated, RegistryEvent } from '../../src/domain/events.ts';
import {
  type CreateRegistry,
  decideCreate,
  decideDelete,
  decideLearnExpiry,
  decideRotate,
  decideUpdate,
  evolveRegistry,
  initialRegistryState,
  type ProposedCredential,
  type RegistryState,
  requireRevision,
} from '../../src/domain/registry.ts';
import { ACTOR, AT, decided, expectRefusal, given, SEALED } from '../support/decider.ts';

const command: CreateRegistry = {
  registryId: '0b4e2c0e-6f6e-5d8a-9a39-6a9c6f8f0a11',
  projectId: 'demo',
  url: 'docker.io',
  enteredUrl: 'https://index.docker.io/v1/',
  provider: 'DOCKER_HUB',
  username: 'ada',
  name: 'docker.io',
  description: null,
  email: null,
  access: 'PULL_AND_PUSH',
  caCertificate: null,
  rotateEveryDays: null,
  credential: { kind: 'PASSWORD', expiresAt: null, expirySource: null, warnings: [], mint: null },
};
const created: RegistryCreated = {
  type: 'RegistryCreated',
  data: { ...command, credential: { ...command.credential, version: 1, ...SEALED } },
};
const proposed: ProposedCredential = {
  kind: 'TOKEN',
  expiresAt: '2026-09-01T00:00:00.000Z',
  expirySource: 'DECLARED',
  warnings: ['This access token is valid for an hour at most. A service-account key lasts.'],
  mint: null,
};
const rotated = (version: number): RegistryEvent => ({
  type: 'CredentialRotated',
  data: { registryId: command.registryId, username: 'ada', credential: { version, ...proposed, ...SEALED } },
});
const deleted: RegistryEvent = {
  type: 'RegistryDeleted',
  data: { registryId: command.registryId, forced: false, activeLeases: 0 },
};
const unchanged = { details: {}, expiresAt: undefined, credential: null };

describe('creating a registry', () => {
  it('makes one event, with the first version of the credential', () => {
    expect(decided(decideCreate(given(), command))).toEqual([created]);
  });

  it('is refused while the registry is there', () => {
    expectRefusal(() => decideCreate(given(created), command), 'REGISTRY_ALREADY_EXISTS', 'url');
  });

  it('goes on counting versions after a deletion', () => {
    const [event] = decided(decideCreate(given(created, rotated(2), deleted), command));
    expect(event).toMatchObject({ type: 'RegistryCreated', data: { credential: { version: 3 } } });
  });

  it('begins another life with that version, of which the ones before are no part', () => {
    expect(given(created, rotated(2))).toMatchObject({ firstVersion: 1, lastVersion: 2 });
    const again = decided(decideCreate(given(created, rotated(2), deleted), command));
    expect(given(created, rotated(2), deleted, ...again, rotated(4))).toMatchObject({
      firstVersion: 3,
      lastVersion: 4,
    });
  });

  it('never reuses the version of a discarded pending secret', () => {
    const discarded: RegistryEvent = {
      type: 'PendingSecretDiscarded',
      data: { registryId: command.registryId, secretId: SEALED.secretId, credentialVersion: 1 },
    };
    const [event] = decided(decideCreate(given(discarded), command));
    expect(event).toMatchObject({ data: { credential: { version: 2 } } });
  });
});

describe('updating a registry', () => {
  it('keeps what is left out and names only what changed', () => {
    const update = { ...unchanged, details: { name: 'Hub', description: undefined, email: null } };
    expect(decided(decideUpdate(given(created), update))).toEqual([
      {
        type: 'RegistryUpdated',
        data: { registryId: command.registryId, changes: { name: 'Hub' }, expiry: null, credential: null },
      },
    ]);
  });

  it('makes no event when nothing changes', () => {
    const update = { ...unchanged, details: { name: 'docker.io' }, expiresAt: null };
    expect(decided(decideUpdate(given(created), update))).toEqual([]);
  });

  it('clears what is null', () => {
    const described = given(created, {
      type: 'RegistryUpdated',
      data: { registryId: command.registryId, changes: { description: 'ours' }, expiry: null, credential: null },
    });
    const [event] = decided(decideUpdate(described, { ...unchanged, details: { description: null } }));
    expect(event).toMatchObject({ data: { changes: { description: null } } });
  });

  it('rotates the credential when it brings a password', () => {
    const update = { ...unchanged, credential: proposed };
    expect(decided(decideUpdate(given(created), update))).toEqual([rotated(2)]);
  });

  it('seals a new username with the kept password as a new version, which is no rotation', () => {
    const decision = decideUpdate(given(created), { ...unchanged, details: { username: 'grace' } });
    expect(decision.seal).toEqual({ version: 2, username: 'grace' });
    const [event] = decided(decision);
    expect(event).toMatchObject({ type: 'RegistryUpdated', data: { credential: { version: 2, ...SEALED } } });
    const after = evolveRegistry(given(created), event as RegistryEvent, {
      at: '2026-04-01T00:00:00.000Z',
      actor: 'bob',
    });
    expect(after).toMatchObject({
      username: 'grace',
      lastVersion: 2,
      credential: { version: 2, rotatedAt: AT, rotatedBy: ACTOR },
    });
  });

  it.each([
    ['one that never was', given()],
    ['a deleted one', given(created, deleted)],
  ])('does not find %s', (_which, state) => {
    expectRefusal(() => decideUpdate(state, unchanged), 'NOT_FOUND');
    expectRefusal(
      () => decideRotate(state, { username: undefined, credential: proposed, refusedWhileLeased: 0 }),
      'NOT_FOUND',
    );
    expectRefusal(() => decideDelete(state, { force: true, activeLeases: 0 }), 'NOT_FOUND');
  });
});

describe('rotating a credential', () => {
  it('replaces the credential and says who did it when', () => {
    const events = decided(
      decideRotate(given(created), { username: undefined, credential: proposed, refusedWhileLeased: 0 }),
    );
    expect(events).toEqual([rotated(2)]);
    expect(given(created, ...events)).toMatchObject({
      credential: { version: 2, expiresAt: proposed.expiresAt, rotatedAt: AT, rotatedBy: ACTOR },
    });
  });

  it('is refused while leases are active, where the caller wants that', () => {
    const rotation = { username: undefined, credential: proposed, refusedWhileLeased: 2 };
    expectRefusal(() => decideRotate(given(created), rotation), 'REGISTRY_IN_USE');
  });
});

describe('deleting a registry', () => {
  it('is refused while leases are active', () => {
    expectRefusal(() => decideDelete(given(created), { force: false, activeLeases: 1 }), 'REGISTRY_IN_USE');
  });

  it('is recorded as forced only when it overrode something', () => {
    const forced = (activeLeases: number) => decided(decideDelete(given(created), { force: true, activeLeases }))[0];
    expect(forced(1)).toMatchObject({ data: { forced: true, activeLeases: 1 } });
    expect(forced(0)).toMatchObject({ data: { forced: false, activeLeases: 0 } });
  });
});

describe('learning when a credential ends', () => {
  const later = '2026-12-01T00:00:00.000Z';
  const sooner = '2026-06-01T00:00:00.000Z';

  it('changes the expiry and says where it comes from, but nothing of who edited the registry', () => {
    const before = given(created);
    const learnt = decideLearnExpiry(before, 1, sooner);
    expect(learnt).toEqual([
      {
        type: 'CredentialExpiryLearnt',
        data: { registryId: command.registryId, credentialVersion: 1, expiresAt: sooner },
      },
    ]);
    expect(given(created, ...learnt)).toEqual({
      ...before,
      credential: {
        ...(before.phase === 'live' ? before.credential : {}),
        expiresAt: sooner,
        expirySource: 'REGISTRY',
      },
    });
  });

  it('makes an event for a date before the one that is known, and for no other', () => {
    const declared = given(created, rotated(2));
    expect(decideLearnExpiry(declared, 2, sooner)).toHaveLength(1);
    for (const told of [later, proposed.expiresAt, null]) expect(decideLearnExpiry(declared, 2, told)).toEqual([]);
  });

  it('is not of the credential that passwords are minted from', () => {
    const live = given(created);
    if (live.phase !== 'live') throw new Error('it was created');
    const mint = { kind: 'GITHUB_APP', roleArn: null, tenantId: null, installationId: '1' } as const;
    const minting = { ...live, credential: { ...live.credential, mint } };
    expect(decideLearnExpiry(live, 1, sooner)).toHaveLength(1);
    expect(decideLearnExpiry(minting, 1, sooner)).toEqual([]);
  });

  it('follows the registry where it puts off its own date, which no secret needs to change for', () => {
    const learnt = given(created, ...decideLearnExpiry(given(created), 1, sooner));
    expect(decideLearnExpiry(learnt, 1, later)).toMatchObject([{ data: { expiresAt: later } }]);
    expect(decideLearnExpiry(learnt, 1, sooner)).toEqual([]);
  });

  it('is not undone by a declared date that comes later or is cleared, and is by an earlier one', () => {
    const learnt = given(created, ...decideLearnExpiry(given(created), 1, sooner));
    for (const expiresAt of [later, null]) {
      expect(decided(decideUpdate(learnt, { ...unchanged, expiresAt }))).toEqual([]);
      const renamed = decided(decideUpdate(learnt, { ...unchanged, expiresAt, details: { username: 'other' } }));
      expect(renamed).toMatchObject([
        { data: { expiry: null, credential: { expiresAt: sooner, expirySource: 'REGISTRY' } } },
      ]);
    }
    const earlier = '2026-05-01T00:00:00.000Z';
    expect(decided(decideUpdate(learnt, { ...unchanged, expiresAt: earlier }))).toMatchObject([
      { data: { expiry: { expiresAt: earlier, expirySource: 'DECLARED' } } },
    ]);
  });

  it('is of one version: what comes for an older one, or after a deletion, changes nothing', () => {
    expect(decideLearnExpiry(given(created, rotated(2)), 1, sooner)).toEqual([]);
    expect(decideLearnExpiry(given(created, deleted), 1, sooner)).toEqual([]);
    expect(decideLearnExpiry(given(), 1, sooner)).toEqual([]);
    const late: RegistryEvent = {
      type: 'CredentialExpiryLearnt',
      data: { registryId: command.registryId, credentialVersion: 1, expiresAt: sooner },
    };
    expect(given(created, rotated(2), late)).toEqual(given(created, rotated(2)));
  });
});

it('names the revision that a change was meant for', () => {
  expectRefusal(() => requireRevision(3, 4), 'REVISION_CONFLICT', 'expectedRevision');
  for (const expected of [4, null, undefined]) expect(() => requireRevision(expected, 4)).not.toThrow();
});

it('whatever is asked in whatever order, versions only grow and a state is never impossible', () => {
  const step = fc.constantFrom('create', 'rename', 'username', 'password', 'rotate', 'delete', 'discard');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let state: RegistryState = initialRegistryState;
      const versions: number[] = [];
      steps.forEach((asked, index) => {
        for (const event of attempt(state, asked, index)) {
          const credential = 'credential' in event.data ? event.data.credential : null;
          if (credential) versions.push(credential.version);
          state = evolveRegistry(state, event, { at: AT, actor: ACTOR });
        }
      });
      expect(new Set(versions).size).toBe(versions.length);
      expect(versions).toEqual([...versions].sort((a, b) => a - b));
      if (state.phase === 'live') expect(state.lastVersion).toBeGreaterThanOrEqual(state.credential.version);
    }),
  );
});

function attempt(state: RegistryState, asked: string, index: number): readonly RegistryEvent[] {
  try {
    switch (asked) {
      case 'create':
        return decided(decideCreate(state, command));
      case 'rename':
        return decided(decideUpdate(state, { ...unchanged, details: { name: `name ${index}` } }));
      case 'username':
        return decided(decideUpdate(state, { ...unchanged, details: { username: `user${index}` } }));
      case 'password':
        return decided(decideUpdate(state, { ...unchanged, details: { name: `n${index}` }, credential: proposed }));
      case 'rotate':
        return decided(decideRotate(state, { username: undefined, credential: proposed, refusedWhileLeased: 0 }));
      case 'delete':
        return decided(decideDelete(state, { force: index % 2 === 0, activeLeases: index % 3 }));
      default: {
        const { registryId } = command;
        const credentialVersion = state.lastVersion + 1;
        return [{ type: 'PendingSecretDiscarded', data: { registryId, secretId: SEALED.secretId, credentialVersion } }];
      }
    }
  } catch (error) {
    expect(error).toMatchObject({ name: 'PurserError' });
    return [];
  }
}
