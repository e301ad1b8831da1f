import { describe, expect, it } from 'vitest';
import { fold } from '../../../support/folded-events.ts';
import {
  abandonedEvent,
  activatedEvent,
  createdEvent,
  idOf,
  issuedEvent,
  recorded,
  releasedEvent,
  retiredEvent,
  rotatedEvent,
  stagedEvent,
  testedEvent,
} from '../../../support/recorded-events.ts';

const LATER = '2026-03-02T00:00:00.000Z';

describe('the versions beside the current one', () => {
  it('are in the vault as the log says, also if their stream is parked', () => {
    const events = [createdEvent('a', 1), stagedEvent('a', 2), activatedEvent('a', 2, 1, LATER), stagedEvent('a', 3)];
    const parked = recorded(events).map((event, index) => (index === 0 ? { ...event, schemaVersion: 99 } : event));
    for (const { settled, states, destroyed, kept } of [fold(recorded(events)), fold(parked)]) {
      expect(Object.fromEntries(settled.map((id, index) => [id, states[index]]))).toEqual({
        [idOf('a-1')]: 'retiring',
        [idOf('a-2')]: 'current',
        [idOf('a-3')]: 'staged',
      });
      expect([destroyed, kept]).toEqual([[[idOf('a'), 1]], [1]]);
    }
    const { ended } = fold(recorded([...events, abandonedEvent('a', 3), retiredEvent('a', 1)]));
    expect(ended).toEqual([idOf('a-3'), idOf('a-1')]);
  });

  it('give a notice when they are staged, abandoned, activated and retired', () => {
    const { notices } = fold(
      recorded([
        createdEvent('a', 1),
        issuedEvent('a', 'l1', 1, LATER),
        ...[stagedEvent('a', 2), abandonedEvent('a', 2), stagedEvent('a', 3), activatedEvent('a', 3, 1, LATER)],
        ...[releasedEvent('a', 'l1'), retiredEvent('a', 1)],
      ]),
    );
    expect(notices.map(({ kind, credential_version, message }) => [kind, credential_version, message])).toEqual([
      ['STAGED', 2, 'ada staged version 2 of the credential of a.example. It is not active yet.'],
      ['ABANDONED', 2, 'ada abandoned the staged version 2 of the credential of a.example. It is destroyed.'],
      ['STAGED', 3, 'ada staged version 3 of the credential of a.example. It is not active yet.'],
      [
        'ROTATED',
        3,
        `ada rotated the credential of a.example to version 3. 1 lease still holds an older version, at the latest until 2026-03-02 at 00:00 UTC.`,
      ],
      ['RETIRED', 1, 'The last lease of version 1 of the credential of a.example ended. It is destroyed.'],
    ]);
  });

  it('leave no health to a late test of a version that is neither current nor staged', () => {
    const late = testedEvent('a', 1, { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' });
    const rotated = [createdEvent('a', 1), rotatedEvent('a', 2)];
    const kept = { credentialVersion: 2, login: 'PROVED' };
    expect(fold(recorded([...rotated, testedEvent('a', 2), late])).health).toMatchObject([{ health: kept }]);
    const abandoned = testedEvent('a', 3, { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' });
    const staged = [...rotated, testedEvent('a', 2), stagedEvent('a', 3), abandonedEvent('a', 3)];
    expect(fold(recorded([...staged, abandoned])).health).toMatchObject([{ health: kept, staged_health: null }]);
  });

  it('have the result of their last test, which stays with the version when it becomes active', () => {
    const tested = [createdEvent('a', 1), testedEvent('a', 1), stagedEvent('a', 2)];
    const refused = testedEvent('a', 2, { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED' });
    expect(fold(recorded([...tested, refused])).health).toMatchObject([
      { health: { credentialVersion: 1 }, staged_health: { credentialVersion: 2, login: 'DENIED' } },
    ]);
    expect(fold(recorded([...tested, refused, activatedEvent('a', 2, null, LATER)])).health).toMatchObject([
      { health: { credentialVersion: 2, login: 'DENIED' } },
    ]);
    expect(fold(recorded([...tested, refused, abandonedEvent('a', 2)])).health).toMatchObject([
      { health: { credentialVersion: 1 }, staged_health: null },
    ]);
  });
});
