import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BatchChanges,
  foldBatch,
  type ProjectionMemory,
} from '../../../src/adapters/postgres/projections/fold-batch.ts';
import type { RecordedEvent } from '../../../src/application/ports/event-log.ts';
import type { DomainEvent } from '../../../src/domain/events.ts';
import {
  createdEvent,
  deletedEvent,
  idOf,
  issuedEvent,
  recorded,
  releasedEvent,
  renamedEvent,
  rotatedEvent,
} from '../../support/recorded-events.ts';

function memory(): ProjectionMemory {
  return {
    registries: new Map(),
    activeLeases: new Map([
      [idOf('a'), new Map()],
      [idOf('b'), new Map()],
    ]),
    auditHeads: new Map(),
    parkedStreams: new Set(),
    noticeSequence: 0,
    changeSequence: 0,
  };
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

  it('comes to the same however the events are cut into batches', () => {
    const asked = fc.array(
      fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('create', 'rename', 'rotate', 'delete', 'issue', 'release')),
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
