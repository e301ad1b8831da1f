import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchChanges } from '../../../../src/adapters/postgres/read-models/batch-changes.ts';
import { foldBatch } from '../../../../src/adapters/postgres/read-models/fold-batch.ts';
import { emptyMemory, type ProjectionMemory } from '../../../../src/adapters/postgres/read-models/projection-memory.ts';
import type { RecordedEvent } from '../../../../src/application/ports/event-log.ts';
import type { DomainEvent } from '../../../../src/domain/events.ts';
import {
  createdEvent,
  credentialsTestedEvent,
  deletedEvent,
  discardedEvent,
  expiryLearntEvent,
  idOf,
  issuedEvent,
  recorded,
  releasedEvent,
  renamedEvent,
  rotatedEvent,
  testedEvent,
} from '../../../support/recorded-events.ts';

/** One that was told to count the leases of two registries. */
function memory(): ProjectionMemory {
  const counting = emptyMemory();
  for (const registry of ['a', 'b']) counting.activeLeases.set(idOf(registry), new Map());
  return counting;
}

const LATER = '2026-03-02T00:00:00.000Z';

describe('folding a batch', () => {
  it('tells subscribers of a rotation how many leases still hold an older version', () => {
    const { notices } = foldBatch(
      memory(),
      recorded([
        createdEvent('a', 1),
        issuedEvent('a', 'l1', 1, LATER),
        issuedEvent('a', 'l2', 1, LATER),
        issuedEvent('a', 'expired', 1, '2026-03-01T00:00:04.000Z'),
        releasedEvent('a', 'l2'),
        rotatedEvent('a', 2),
        deletedEvent('a'),
      ]),
    );
    expect(notices).toMatchObject([
      { sequence: 1, kind: 'ROTATED', credential_version: 2, leases_on_older_versions: 1 },
      { sequence: 2, kind: 'DELETED', credential_version: 2, leases_on_older_versions: 1 },
    ]);
  });

  it('counts no lease of a registry that was deleted, once there is another of its URL', () => {
    const { notices } = foldBatch(
      memory(),
      recorded([
        createdEvent('a', 1),
        issuedEvent('a', 'l1', 1, LATER),
        deletedEvent('a'),
        createdEvent('a', 2),
        issuedEvent('a', 'l2', 2, LATER),
        rotatedEvent('a', 3),
        deletedEvent('a'),
      ]),
    );
    expect(notices.map(({ kind, leases_on_older_versions }) => [kind, leases_on_older_versions])).toEqual([
      ['DELETED', 1],
      ['ROTATED', 1],
      ['DELETED', 1],
    ]);
  });

  it('keeps what the last test of a registry found, until the registry is deleted', () => {
    const tests = [createdEvent('a', 1), testedEvent('a', 1), testedEvent('a', 1, { outcome: 'UNREACHABLE' })];
    const shared = memory();
    const { health, changes } = foldBatch(shared, recorded([...tests, renamedEvent('a', 'x')]));
    expect([...health.values()]).toMatchObject([{ id: idOf('a'), health: { outcome: 'UNREACHABLE' } }]);
    expect(changes.at(-1)?.registry).toMatchObject({ health: { outcome: 'UNREACHABLE', credentialVersion: 1 } });
    const gone = foldBatch(memory(), recorded([...tests, deletedEvent('a'), testedEvent('a', 1)]));
    expect([...gone.health]).toEqual([]);
  });

  it('gives a notice of a refusal that nobody was there to see, and of no other', () => {
    const refused = { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' } as const;
    const noticesOf = (...tests: DomainEvent[]) =>
      foldBatch(memory(), recorded([createdEvent('a', 1), rotatedEvent('a', 2), ...tests])).notices.slice(1);
    expect(noticesOf(testedEvent('a', 2, { ...refused, scheduled: true }))).toMatchObject([
      { kind: 'AUTHENTICATION_FAILED', credential_version: 2, registry_id: idOf('a') },
    ]);
    expect(noticesOf(testedEvent('a', 2, refused))).toEqual([]);
    expect(noticesOf(testedEvent('a', 1, { ...refused, scheduled: true }))).toEqual([]);
    expect(noticesOf(testedEvent('a', 2, { outcome: 'UNREACHABLE', scheduled: true }))).toEqual([]);
    expect(noticesOf(credentialsTestedEvent('a.example'))).toEqual([]);
  });

  it('takes over when a credential ends, from the registry that told', () => {
    const { registries, changes } = foldBatch(
      memory(),
      recorded([createdEvent('a', 1), expiryLearntEvent('a', 1, LATER)]),
    );
    expect(registries.get(idOf('a'))).toMatchObject({ expires_at: LATER, expiry_source: 'REGISTRY' });
    expect(changes.map(({ kind }) => kind)).toEqual(['CREATED', 'UPDATED']);
  });

  it('leaves the vault with the last secret of a registry, and with none after a deletion', () => {
    const kept = foldBatch(memory(), recorded([createdEvent('a', 1), rotatedEvent('a', 2)]));
    expect([...kept.currentSecrets]).toEqual([[idOf('a'), idOf('a-2')]]);
    const gone = foldBatch(memory(), recorded([createdEvent('a', 1), rotatedEvent('a', 2), deletedEvent('a')]));
    expect([...gone.currentSecrets]).toEqual([]);
    expect([...gone.destroyedVersions]).toEqual([[idOf('a'), 2]]);
  });

  it('parks a stream from the event on that it cannot apply, and goes on with the others', () => {
    const events = recorded([
      createdEvent('a', 1),
      renamedEvent('a', 'x'),
      createdEvent('b', 1),
      renamedEvent('a', 'y'),
    ]);
    const damaged = events.map(
      (event, index): RecordedEvent => (index === 1 ? { ...event, schemaVersion: 99 } : event),
    );
    const changes = foldBatch(memory(), damaged);
    expect(changes.parked.map(({ position }) => position)).toEqual(['2', '4']);
    expect(changes.registries.get(idOf('a'))).toMatchObject({ name: 'a', revision: 0 });
    expect(changes.registries.get(idOf('b'))).toMatchObject({ name: 'b' });
    // Not one event is missing from the audit log.
    expect(changes.audit.map(({ sequence, event_id }) => [sequence, event_id])).toEqual(
      events.map(({ id }, index) => [index + 1, id]),
    );
  });

  it('tells the vault what became of the secrets of a parked stream', () => {
    const parkedAt = (place: number, events: readonly DomainEvent[]) =>
      foldBatch(
        memory(),
        recorded(events).map(
          (event, index): RecordedEvent => (index === place ? { ...event, schemaVersion: 99 } : event),
        ),
      );
    const rotated = parkedAt(1, [createdEvent('a', 1), renamedEvent('a', 'x'), rotatedEvent('a', 2)]);
    expect(rotated.parked).toHaveLength(2);
    expect([...rotated.currentSecrets]).toEqual([[idOf('a'), idOf('a-2')]]);
    expect([...rotated.destroyedVersions]).toEqual([[idOf('a'), 1]]);
    // Of the event that cannot be read no secret becomes current, but a deletion destroys that version as well.
    const deleted = parkedAt(1, [
      createdEvent('a', 1),
      rotatedEvent('a', 2),
      discardedEvent('a', 3),
      deletedEvent('a'),
    ]);
    expect([...deleted.currentSecrets]).toEqual([]);
    expect([...deleted.destroyedVersions]).toEqual([[idOf('a'), 3]]);
    expect(deleted.discardedSecrets).toEqual([idOf('a-3')]);
  });

  it('asks nothing of the vault that it would have to refuse', () => {
    const events = recorded([createdEvent('a', 1), rotatedEvent('a', 2), renamedEvent('a', 'x')]);
    const damages = [
      { registryId: 'none' },
      { credential: null },
      { credential: { version: 2, secretId: 'none' } },
      { credential: { version: 2 ** 31, secretId: idOf('a-2') } },
    ];
    for (const damage of damages) {
      const damaged = events.map(
        (event, index): RecordedEvent =>
          index === 1 ? { ...event, data: { ...(event.data as object), ...damage } } : event,
      );
      const refusals = new Map([[damaged[1]?.id ?? '', 'the database refused it']]);
      const changes = foldBatch(memory(), damaged, refusals);
      expect(changes.parked.map(({ reason }) => reason)).toEqual([
        'the database refused it',
        'an earlier event of this stream is parked',
      ]);
      expect([...changes.currentSecrets.values()]).toEqual([idOf('a-1')]);
      expect([...changes.destroyedVersions]).toEqual([]);
    }
  });

  it('comes to the same however the events are cut into batches', () => {
    const asked = fc.array(
      fc.tuple(
        fc.constantFrom('a', 'b'),
        fc.constantFrom('create', 'rename', 'rotate', 'delete', 'issue', 'release', 'test', 'learn'),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(asked, fc.infiniteStream(fc.integer({ min: 1, max: 7 })), (steps, sizes) => {
        const events = recorded(history(steps));
        const whole = foldBatch(memory(), events);
        const parts = inBatches(events, sizes);
        expect(parts.flatMap(({ audit }) => audit)).toEqual(whole.audit);
        expect(parts.flatMap(({ notices }) => notices)).toEqual(whole.notices);
        expect(parts.flatMap(({ changes }) => changes)).toEqual(whole.changes);
        expect(parts.flatMap(({ leases }) => leases)).toEqual(whole.leases);
        expect(lastOfEach(parts)).toEqual(whole.registries);
        expect(whole.parked).toEqual([]);
      }),
    );
  });
});

/** Only what the decisions would allow. */
function history(steps: readonly (readonly [string, string])[]): DomainEvent[] {
  const versions = new Map<string, number>();
  const live = new Set<string>();
  return steps.flatMap(([registry, step], index): DomainEvent[] => {
    const version = versions.get(registry) ?? 0;
    if (step === 'create' && !live.has(registry)) {
      live.add(registry);
      versions.set(registry, version + 1);
      return [createdEvent(registry, version + 1)];
    }
    if (!live.has(registry)) return [];
    switch (step) {
      case 'rename':
        return [renamedEvent(registry, `name ${index}`)];
      case 'rotate':
        versions.set(registry, version + 1);
        return [rotatedEvent(registry, version + 1)];
      case 'delete':
        live.delete(registry);
        return [deletedEvent(registry)];
      case 'issue':
        return [issuedEvent(registry, `lease ${index}`, version, LATER)];
      case 'release':
        return [issuedEvent(registry, `short ${index}`, version, LATER), releasedEvent(registry, `short ${index}`)];
      case 'test':
        return [testedEvent(registry, version, { scheduled: true, outcome: 'AUTHENTICATION_FAILED' })];
      case 'learn':
        return [expiryLearntEvent(registry, version, LATER)];
      default:
        return [];
    }
  });
}

function inBatches(events: readonly RecordedEvent[], sizes: Iterator<number>): BatchChanges[] {
  const shared = memory();
  const batches: BatchChanges[] = [];
  for (let start = 0; start < events.length; ) {
    const size = Number(sizes.next().value);
    batches.push(foldBatch(shared, events.slice(start, start + size)));
    start += size;
  }
  return batches;
}

function lastOfEach(batches: readonly BatchChanges[]): BatchChanges['registries'] {
  return new Map(batches.flatMap(({ registries }) => [...registries]));
}
