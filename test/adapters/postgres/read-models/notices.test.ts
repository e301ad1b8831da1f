import { describe, expect, it } from 'vitest';
import { createReadModels } from '../../../../src/adapters/postgres/read-models/all-read-models.ts';
import { createProjection } from '../../../../src/adapters/postgres/read-models/projection.ts';
import type { DomainEvent } from '../../../../src/domain/events.ts';
import { trusting } from '../../../support/read-models.ts';
import {
  createdEvent,
  deletedEvent,
  expiryLearntEvent,
  issuedEvent,
  noticeRaisedEvent,
  recorded,
  rotatedEvent,
  testedEvent,
} from '../../../support/recorded-events.ts';

const [SOON, LATER] = ['2026-03-20T00:00:00.000Z', '2027-03-01T00:00:00.000Z'];
const REFUSED = { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED', scheduled: true } as const;

/** The rows that the projector would write, of all events at once or each in a batch of its own. */
function noticesOf(events: readonly DomainEvent[], { oneByOne = false } = {}) {
  const projection = createProjection(createReadModels('read_models', trusting, { fromTheStart: true }));
  const all = recorded(events);
  const batches = oneByOne ? all.map((event) => [event]) : [all];
  return batches.flatMap((batch): { kind: string; leases_on_older_versions: number }[] => {
    projection.apply(batch);
    const change = projection.changes().find(({ name }) => name === 'read_models.notices');
    return change ? JSON.parse(String(change.values[0])) : [];
  });
}
const kindsOf = (...events: DomainEvent[]) => noticesOf(events).map(({ kind }) => kind);

describe('the notice of a date', () => {
  const created = createdEvent('a', 1);
  const learnt = expiryLearntEvent('a', 1, SOON);
  const raised = noticeRaisedEvent('a', 1, { deadline: SOON, deadlineChanges: 1 });

  it('tells of the leases that hold an older version, as of then', () => {
    const events = [
      createdEvent('a', 1),
      issuedEvent('a', 'l1', 1, LATER),
      issuedEvent('a', 'over', 1, '2026-03-01T00:00:02.000Z'),
      rotatedEvent('a', 2),
      issuedEvent('a', 'l2', 2, LATER),
      expiryLearntEvent('a', 2, SOON),
      noticeRaisedEvent('a', 2, { rotatedAt: '2026-03-01T00:00:03.000Z', deadline: SOON, deadlineChanges: 1 }),
    ];
    const expected = [
      { kind: 'ROTATED', leases_on_older_versions: 1 },
      { kind: 'EXPIRING', leases_on_older_versions: 1, expires_at: SOON, actor: 'ada' },
    ];
    expect(noticesOf(events)).toMatchObject(expected);
    expect(noticesOf(events, { oneByOne: true })).toMatchObject(expected);
  });

  it('is none if the credential or the date changed before it was recorded', () => {
    expect(kindsOf(created, learnt, raised)).toEqual(['EXPIRING']);
    expect(kindsOf(created, learnt, rotatedEvent('a', 2), raised)).toEqual(['ROTATED']);
    expect(kindsOf(created, learnt, expiryLearntEvent('a', 1, LATER), raised)).toEqual([]);
    expect(kindsOf(created, learnt, deletedEvent('a'), raised)).toEqual(['DELETED']);
  });
});

it('the notices of tests are one for a refusal and one for a recovery', () => {
  const created = createdEvent('a', 1);
  const refused = testedEvent('a', 1, REFUSED);
  expect(kindsOf(created, refused, refused, testedEvent('a', 1), testedEvent('a', 1))).toEqual([
    'AUTHENTICATION_FAILED',
    'RECOVERED',
  ]);
  // Of another version nothing is known.
  expect(kindsOf(created, refused, rotatedEvent('a', 2), testedEvent('a', 2))).toEqual([
    'AUTHENTICATION_FAILED',
    'ROTATED',
  ]);
});
