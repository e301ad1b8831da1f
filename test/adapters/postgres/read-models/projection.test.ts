import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReadModels } from '../../../../src/adapters/postgres/read-models/all-read-models.ts';
import { createProjection, HandlerFailed } from '../../../../src/adapters/postgres/read-models/projection.ts';
import type { RecordedEvent } from '../../../../src/application/ports/event-log.ts';
import type { DomainEvent } from '../../../../src/domain/events.ts';
import { emptyProjection, fold, type Row } from '../../../support/folded-events.ts';
import { trusting } from '../../../support/read-models.ts';
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
import { eventsOf, registrySteps } from '../../../support/registry-histories.ts';

const LATER = '2026-03-02T00:00:00.000Z';

describe('folding a batch', () => {
  it('tells subscribers at a rotation how many leases still hold an older version', () => {
    const { notices } = fold(
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
      { sequence: 6, kind: 'ROTATED', credential_version: 2, leases_on_older_versions: 1 },
      { sequence: 7, kind: 'DELETED', credential_version: 2, leases_on_older_versions: 1 },
    ]);
  });

  it('counts no lease of a deleted registry after another one with its URL was created', () => {
    const { notices } = fold(
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

  it("keeps the result of a registry's last test until the registry is deleted", () => {
    const tests = [createdEvent('a', 1), testedEvent('a', 1), testedEvent('a', 1, { outcome: 'UNREACHABLE' })];
    const { health, changes } = fold(recorded([...tests, renamedEvent('a', 'x')]));
    expect(health).toMatchObject([{ id: idOf('a'), health: { outcome: 'UNREACHABLE' } }]);
    expect(changes.at(-1)?.registry).toMatchObject({ health: { outcome: 'UNREACHABLE', credentialVersion: 1 } });
    const gone = fold(recorded([...tests, deletedEvent('a'), testedEvent('a', 1)]));
    expect(gone.health).toEqual([
      { id: idOf('a'), health: null, staged_health: null, reported_version: null, reported_at: null },
    ]);
  });

  it('gives a notice only of a refusal that no person saw', () => {
    const refused = { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' } as const;
    const noticesOf = (...tests: DomainEvent[]) =>
      fold(recorded([createdEvent('a', 1), rotatedEvent('a', 2), ...tests])).notices.slice(1);
    expect(noticesOf(testedEvent('a', 2, { ...refused, scheduled: true }))).toMatchObject([
      { kind: 'AUTHENTICATION_FAILED', credential_version: 2, registry_id: idOf('a') },
    ]);
    expect(noticesOf(testedEvent('a', 2, refused))).toEqual([]);
    expect(noticesOf(testedEvent('a', 1, { ...refused, scheduled: true }))).toEqual([]);
    expect(noticesOf(testedEvent('a', 2, { outcome: 'UNREACHABLE', scheduled: true }))).toEqual([]);
    expect(noticesOf(credentialsTestedEvent('a.example'))).toEqual([]);
  });

  it("stores a credential's expiry that the registry reported", () => {
    const { registries, changes } = fold(recorded([createdEvent('a', 1), expiryLearntEvent('a', 1, LATER)]));
    expect(registries[0]).toMatchObject({ expires_at: LATER, expiry_source: 'REGISTRY' });
    expect(changes.map(({ kind }) => kind)).toEqual(['CREATED', 'UPDATED']);
  });

  it('leaves the vault with the last secret of a registry, and with none after a deletion', () => {
    const kept = fold(recorded([createdEvent('a', 1), rotatedEvent('a', 2)]));
    expect(kept.settled).toEqual([idOf('a-2')]);
    expect(kept.destroyed).toEqual([[idOf('a'), 1]]);
    const gone = fold(recorded([createdEvent('a', 1), rotatedEvent('a', 2), deletedEvent('a')]));
    expect(gone.settled).toEqual([]);
    expect(gone.destroyed).toEqual([[idOf('a'), 2]]);
  });

  it('makes only destructions survive a crash', () => {
    expect(fold(recorded([createdEvent('a', 1)])).durable).toBe(false);
    expect(fold(recorded([createdEvent('a', 1), rotatedEvent('a', 2)])).durable).toBe(true);
    expect(fold(recorded([createdEvent('a', 1), discardedEvent('a', 2)])).durable).toBe(true);
    expect(fold(recorded([createdEvent('a', 1), deletedEvent('a')])).durable).toBe(true);
  });

  it('writes each table with one statement, however many events there are', () => {
    const events = ['a', 'b', 'c'].flatMap((registry) => [
      createdEvent(registry, 1),
      issuedEvent(registry, `${registry}1`, 1, LATER),
      releasedEvent(registry, `${registry}1`),
      testedEvent(registry, 1),
      rotatedEvent(registry, 2),
      deletedEvent(registry),
    ]);
    const { statements } = fold(recorded(events));
    expect(statements.length).toBe(new Set(statements).size);
    expect(statements.length).toBeLessThanOrEqual(15);
  });

  it('parks a stream from the first event that it cannot apply, and goes on with the others', () => {
    const events = recorded([
      createdEvent('a', 1),
      renamedEvent('a', 'x'),
      createdEvent('b', 1),
      renamedEvent('a', 'y'),
    ]);
    const damaged = events.map(
      (event, index): RecordedEvent => (index === 1 ? { ...event, schemaVersion: 99 } : event),
    );
    const changes = fold(damaged);
    expect(changes.parkedRows.map(({ position }) => position)).toEqual(['2', '4']);
    expect(changes.registries).toMatchObject([
      { id: idOf('a'), name: 'a', revision: 0 },
      { id: idOf('b'), name: 'b' },
    ]);
    // The audit log has all events.
    expect(changes.audit.map(({ sequence, event_id }) => [sequence, event_id])).toEqual(
      events.map(({ id }, index) => [index + 1, id]),
    );
  });

  it('tells the vault what happened to the secrets of a parked stream', () => {
    const parkedAt = (place: number, events: readonly DomainEvent[]) =>
      fold(
        recorded(events).map(
          (event, index): RecordedEvent => (index === place ? { ...event, schemaVersion: 99 } : event),
        ),
      );
    const rotated = parkedAt(1, [createdEvent('a', 1), renamedEvent('a', 'x'), rotatedEvent('a', 2)]);
    expect(rotated.parked).toHaveLength(2);
    expect(rotated.settled).toEqual([idOf('a-2')]);
    expect(rotated.destroyed).toEqual([[idOf('a'), 1]]);
    // No secret of the unreadable event becomes current, but a deletion destroys that version as well.
    const deleted = parkedAt(1, [
      createdEvent('a', 1),
      rotatedEvent('a', 2),
      discardedEvent('a', 3),
      deletedEvent('a'),
    ]);
    expect(deleted.settled).toEqual([]);
    expect(deleted.destroyed).toEqual([[idOf('a'), 3]]);
    expect(deleted.discarded).toEqual([idOf('a-3')]);
  });

  it('asks the vault for nothing that it would have to refuse', () => {
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
      const changes = fold(damaged, { refusals });
      expect(changes.parked.map(({ reason }) => reason)).toEqual([
        'the database refused it',
        'an earlier event of this stream is parked',
      ]);
      expect(changes.settled).toEqual([idOf('a-1')]);
      expect(changes.destroyed).toEqual([]);
    }
  });

  it('parks an event of an unknown type, and records it in the audit log', () => {
    const [created, renamed] = recorded([createdEvent('a', 1), renamedEvent('a', 'x')]);
    if (!created || !renamed) throw new Error('there are two events');
    const { parked, audit } = fold([created, { ...renamed, type: 'RegistryPainted' }]);
    expect(parked).toMatchObject([{ reason: 'unknown event type RegistryPainted' }]);
    expect(audit.map(({ sequence, action }) => [sequence, action])).toEqual([
      [1, 'CREATE_REGISTRY'],
      [2, 'RegistryPainted'],
    ]);
  });

  it('throws if a read model fails at an event, because the changes of the others must be discarded', () => {
    const [issued] = recorded([issuedEvent('a', 'l1', 1, LATER)], { projectId: null });
    if (!issued) throw new Error('there is an event');
    expect(() => fold([issued])).toThrow(HandlerFailed);
    const { parked, leases } = fold([issued], { refusals: new Map([[issued.id, 'no project']]) });
    expect([parked.length, leases]).toEqual([1, []]);
  });

  it('throws the same if it fails at the row of a registry, which a rebuild makes when it writes it', () => {
    const projection = emptyProjection();
    projection.apply(recorded([createdEvent('a', 1), expiryLearntEvent('a', 1, 'no time')]));
    const totals = [...projection.totals()];
    const registries = totals.flatMap((total) => ('table' in total && total.table === 'registries' ? [total] : []));
    expect(() => registries.map(({ rows }) => [...rows])).toThrow(HandlerFailed);
  });

  it('lets each read model recall the events that it handles, and the audit log also those that may be parked', async () => {
    const asked: string[] = [];
    const database = {
      query: async ({ name }: { readonly name: string }) => {
        asked.push(name);
        return { rows: [] };
      },
    };
    const recalls = async (...events: readonly RecordedEvent[]) => {
      await createProjection(createReadModels('read_models', trusting)).recall(database, events);
      return asked.splice(0).sort();
    };
    const [created, rotated, issued, denied] = recorded([
      createdEvent('a', 1),
      rotatedEvent('a', 2),
      issuedEvent('a', 'l1', 2, LATER),
      credentialsTestedEvent('b.example'),
    ]);
    if (!created || !rotated || !issued || !denied) throw new Error('there are four events');
    const ofAudit = ['read_models.audit_heads-recall', 'read_models.parked_entries-recall'];
    expect(await recalls(created)).toEqual([...ofAudit, 'read_models.registries-recall']);
    expect(await recalls(rotated)).toEqual([
      ofAudit[0],
      'read_models.leases-active',
      ofAudit[1],
      'read_models.registries-recall',
    ]);
    expect(await recalls(issued)).toEqual(ofAudit);
    expect(await recalls(denied)).toEqual(ofAudit);
    expect(await recalls({ ...created, type: 'RegistryPainted' })).toEqual(ofAudit);
  });

  it('gives the same rows however the events are cut into batches', () => {
    fc.assert(
      fc.property(registrySteps, fc.infiniteStream(fc.integer({ min: 1, max: 7 })), (steps, sizes) => {
        const events = recorded(eventsOf(steps));
        const whole = fold(events);
        const parts = inBatches(events, sizes);
        expect(parts.flatMap(({ audit }) => audit)).toEqual(whole.audit);
        expect(parts.flatMap(({ notices }) => notices)).toEqual(whole.notices);
        expect(parts.flatMap(({ changes }) => changes)).toEqual(whole.changes);
        expect(parts.flatMap(({ leases }) => leases)).toEqual(whole.leases);
        expect(lastOfEach(parts.flatMap(({ registries }) => registries))).toEqual(lastOfEach(whole.registries));
        expect(lastOfEach(parts.flatMap(({ health }) => health))).toEqual(lastOfEach(whole.health));
        expect(heads(parts.flatMap((part) => part.heads))).toEqual(heads(whole.heads));
        expect(whole.parked).toEqual([]);
      }),
    );
  });
});

function inBatches(events: readonly RecordedEvent[], sizes: Iterator<number>): ReturnType<typeof fold>[] {
  const projection = emptyProjection();
  const batches: ReturnType<typeof fold>[] = [];
  for (let start = 0; start < events.length; ) {
    const size = Number(sizes.next().value);
    batches.push(fold(events.slice(start, start + size), { projection }));
    start += size;
  }
  return batches;
}

function lastOfEach(rows: readonly Row[]): Map<unknown, Row> {
  return new Map(rows.map((row) => [row.id, row]));
}

function heads(rows: readonly Row[]): Map<unknown, Row> {
  return new Map(rows.map((row) => [row.project_id, row]));
}
