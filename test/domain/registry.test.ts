import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evolveRegistry, initialRegistryState } from '../../src/domain/evolve-registry.ts';
import { requireRevision } from '../../src/domain/expected-revision.ts';
import {
  type CreateRegistry,
  type Decision,
  type DeleteRegistry,
  decideCreate,
  decideDelete,
  decideLearnExpiry,
  type ProposedCredential,
  type RegistryState,
} from '../../src/domain/registry.ts';
import type { RegistryCreated, RegistryEvent, RegistryUpdated } from '../../src/domain/registry-events.ts';
import { decideUpdate, type UpdateRegistry } from '../../src/domain/registry-update.ts';
import { decideRotate } from '../../src/domain/rotation.ts';
import { ACTOR, AT, eventsOf, registry, SEALED } from './registry-specification.ts';

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
  authRealmHost: null,
  rotateEveryDays: null,
  credential: { kind: 'PASSWORD', expiresAt: null, expirySource: null, warnings: [], mint: null },
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
const unchanged: UpdateRegistry = { details: {}, expiresAt: undefined, credential: null };
const createdAs = (version: number): RegistryCreated => ({
  type: 'RegistryCreated',
  data: { ...command, credential: { ...command.credential, version, ...SEALED } },
});
const created = createdAs(1);
const updated = (event: Partial<RegistryUpdated['data']>): RegistryUpdated => ({
  type: 'RegistryUpdated',
  data: { registryId: command.registryId, changes: {}, expiry: null, credential: null, ...event },
});
const learnt = (credentialVersion: number, expiresAt: string): RegistryEvent => ({
  type: 'CredentialExpiryLearnt',
  data: { registryId: command.registryId, credentialVersion, expiresAt },
});

type Command = (state: RegistryState) => Decision;
const create: Command = (state) => decideCreate(state, command);
const update =
  (changes: Partial<UpdateRegistry>): Command =>
  (state) =>
    decideUpdate(state, { ...unchanged, ...changes });
const rotate =
  (refusedWhileLeased = 0): Command =>
  (state) =>
    decideRotate(state, { username: undefined, credential: proposed, refusedWhileLeased });
const remove =
  (deletion: DeleteRegistry): Command =>
  (state) =>
    decideDelete(state, deletion);
const learn =
  (version: number, expiresAt: string | null): Command =>
  (state) => ({ seal: null, events: decideLearnExpiry(state, version, expiresAt) });

describe('creating a registry', () => {
  it('makes one event, with the first version of the credential', () => {
    registry.given().when(create).then(created);
  });

  it('is refused while the registry exists', () => {
    registry.given(created).when(create).thenRefused('REGISTRY_ALREADY_EXISTS', 'url');
  });

  it('continues counting versions after a deletion', () => {
    registry.given(created, rotated(2), deleted).when(create).then(createdAs(3));
  });

  it('starts again with that version after a deletion, without the earlier ones', () => {
    expect(registry.given(created, rotated(2)).state).toMatchObject({ firstVersion: 1, lastVersion: 2 });
    const again = registry.given(created, rotated(2), deleted).when(create).then(createdAs(3));
    expect(again).toMatchObject({ firstVersion: 3, lastVersion: 3 });
    const after = registry.given(created, rotated(2), deleted, createdAs(3), rotated(4)).state;
    expect(after).toMatchObject({ firstVersion: 3, lastVersion: 4 });
  });

  it('never reuses the version of a discarded pending secret', () => {
    const discarded: RegistryEvent = {
      type: 'PendingSecretDiscarded',
      data: { registryId: command.registryId, secretId: SEALED.secretId, credentialVersion: 1 },
    };
    registry.given(discarded).when(create).then(createdAs(2));
  });
});

describe('updating a registry', () => {
  it('keeps fields that are left out and names only those that changed', () => {
    const changes = { details: { name: 'Hub', description: undefined, email: null } };
    registry
      .given(created)
      .when(update(changes))
      .then(updated({ changes: { name: 'Hub' } }));
  });

  it('makes no event if nothing changes', () => {
    registry
      .given(created)
      .when(update({ details: { name: 'docker.io' }, expiresAt: null }))
      .then();
  });

  it('clears fields that are null', () => {
    registry
      .given(created, updated({ changes: { description: 'ours' } }))
      .when(update({ details: { description: null } }))
      .then(updated({ changes: { description: null } }));
  });

  it('rotates the credential if it has a password', () => {
    registry
      .given(created)
      .when(update({ credential: proposed }))
      .then(rotated(2));
  });

  it('seals a new username with the kept password as a new version, which is not a rotation', () => {
    const { state } = registry.given(created);
    const decision = update({ details: { username: 'grace' } })(state);
    expect(decision.seal).toEqual({ version: 2, username: 'grace' });
    const event = updated({
      changes: { username: 'grace' },
      credential: { ...command.credential, version: 2, ...SEALED },
    });
    expect(eventsOf(decision)).toEqual([event]);
    expect(evolveRegistry(state, event, { at: '2026-04-01T00:00:00.000Z', actor: 'bob' })).toMatchObject({
      username: 'grace',
      lastVersion: 2,
      credential: { version: 2, rotatedAt: AT, rotatedBy: ACTOR },
    });
  });

  it.each([
    ['one that never existed', registry.given()],
    ['a deleted one', registry.given(created, deleted)],
  ])('does not find %s', (_which, given) => {
    for (const missing of [update({}), rotate(), remove({ force: true, activeLeases: 0 })]) {
      given.when(missing).thenRefused('NOT_FOUND');
    }
  });
});

describe('rotating a credential', () => {
  it('replaces the credential and says who did it and when', () => {
    expect(registry.given(created).when(rotate()).then(rotated(2))).toMatchObject({
      credential: { version: 2, expiresAt: proposed.expiresAt, rotatedAt: AT, rotatedBy: ACTOR },
    });
  });

  it('is refused while leases are active, if the caller wants that', () => {
    registry.given(created).when(rotate(2)).thenRefused('REGISTRY_IN_USE');
  });
});

describe('deleting a registry', () => {
  it('is refused while leases are active', () => {
    registry
      .given(created)
      .when(remove({ force: false, activeLeases: 1 }))
      .thenRefused('REGISTRY_IN_USE');
  });

  it.each([
    [1, true],
    [0, false],
  ])('with %i active leases is recorded as forced: %s', (activeLeases, forced) => {
    registry
      .given(created)
      .when(remove({ force: true, activeLeases }))
      .then({ type: 'RegistryDeleted', data: { registryId: command.registryId, forced, activeLeases } });
  });
});

describe('learning when a credential ends', () => {
  const later = '2026-12-01T00:00:00.000Z';
  const sooner = '2026-06-01T00:00:00.000Z';

  it('changes the expiry and its source, but not who last edited the registry', () => {
    const { state } = registry.given(created);
    expect(registry.given(created).when(learn(1, sooner)).then(learnt(1, sooner))).toEqual({
      ...state,
      expiryChanges: 1,
      credential: {
        ...(state.phase === 'live' ? state.credential : {}),
        expiresAt: sooner,
        expirySource: 'REGISTRY',
      },
    });
  });

  it('makes an event only for a date before the known one', () => {
    const declared = registry.given(created, rotated(2));
    declared.when(learn(2, sooner)).then(learnt(2, sooner));
    for (const told of [later, proposed.expiresAt, null]) declared.when(learn(2, told)).then();
  });

  it('does not apply to a credential from which passwords are minted', () => {
    const mint = {
      kind: 'GITHUB_APP',
      roleArn: null,
      externalId: null,
      tenantId: null,
      installationId: '1',
      apiUrl: null,
    } as const;
    const minting = { ...created, data: { ...created.data, credential: { ...created.data.credential, mint } } };
    registry.given(created).when(learn(1, sooner)).then(learnt(1, sooner));
    registry.given(minting).when(learn(1, sooner)).then();
  });

  it('follows the registry if it moves its own date to later, even with the same secret', () => {
    const known = registry.given(created, learnt(1, sooner));
    known.when(learn(1, later)).then(learnt(1, later));
    known.when(learn(1, sooner)).then();
  });

  it('is undone by an earlier declared date, but not by a later or cleared one', () => {
    const known = registry.given(created, learnt(1, sooner));
    for (const expiresAt of [later, null]) {
      known.when(update({ expiresAt })).then();
      const kept = {
        ...command.credential,
        version: 2,
        expiresAt: sooner,
        expirySource: 'REGISTRY' as const,
        ...SEALED,
      };
      known
        .when(update({ expiresAt, details: { username: 'other' } }))
        .then(updated({ changes: { username: 'other' }, credential: kept }));
    }
    const earlier = '2026-05-01T00:00:00.000Z';
    known
      .when(update({ expiresAt: earlier }))
      .then(updated({ expiry: { expiresAt: earlier, expirySource: 'DECLARED' } }));
  });

  it('applies to one version: a date for an older one, or after a deletion, changes nothing', () => {
    registry.given(created, rotated(2)).when(learn(1, sooner)).then();
    registry.given(created, deleted).when(learn(1, sooner)).then();
    registry.given().when(learn(1, sooner)).then();
    const { state } = registry.given(created, rotated(2));
    expect(registry.given(created, rotated(2), learnt(1, sooner)).state).toEqual(state);
  });
});

it('a revision conflict names the expected revision', () => {
  const conflict = { code: 'REVISION_CONFLICT', details: { field: 'expectedRevision' } };
  const edited = updated({ changes: { name: 'mirror' } });
  for (const expected of [3, 5]) {
    const since = expected < 4 ? [edited] : [];
    expect(() => requireRevision(expected, 4, since)).toThrow(expect.objectContaining(conflict));
  }
  for (const expected of [4, null, undefined]) expect(() => requireRevision(expected, 4, [])).not.toThrow();
});

it('what Purser records by itself is no conflict, unless somebody changed the registry too', () => {
  const { registryId } = command;
  const own: readonly RegistryEvent[] = [
    {
      type: 'CredentialRetired',
      data: { registryId, credentialVersion: 1, secretId: SEALED.secretId, reason: 'LAST_LEASE_ENDED' },
    },
    { type: 'PendingSecretDiscarded', data: { registryId, credentialVersion: 3, secretId: SEALED.secretId } },
  ];
  const conflict = expect.objectContaining({ code: 'REVISION_CONFLICT' });
  expect(() => requireRevision(2, 4, own)).not.toThrow();
  for (const edited of [rotated(4), updated({ changes: { name: 'mirror' } })]) {
    expect(() => requireRevision(1, 4, [...own, edited])).toThrow(conflict);
    expect(() => requireRevision(1, 4, [edited, ...own])).toThrow(conflict);
  }
});

it('in any order of commands, versions only grow and the state stays possible', () => {
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
  const commands: Readonly<Record<string, Command>> = {
    create,
    rename: update({ details: { name: `name ${index}` } }),
    username: update({ details: { username: `user${index}` } }),
    password: update({ details: { name: `n${index}` }, credential: proposed }),
    rotate: rotate(),
    delete: remove({ force: index % 2 === 0, activeLeases: index % 3 }),
  };
  const { registryId } = command;
  const credentialVersion = state.lastVersion + 1;
  try {
    const decide = commands[asked];
    if (decide) return eventsOf(decide(state));
    return [{ type: 'PendingSecretDiscarded', data: { registryId, secretId: SEALED.secretId, credentialVersion } }];
  } catch (error) {
    expect(error).toMatchObject({ name: 'PurserError' });
    return [];
  }
}
