import { describe, expect, it } from 'vitest';
import type { RotationNoticeKind, ShownNoticeFragment } from '../../src/api/generated/graphql.ts';
import { goneAmong } from '../../src/app/gone-registries.ts';
import { byDay, registriesAmong, settledAmong, together } from '../../src/views/notices/notice-days.ts';

const START = Date.parse('2026-03-28T12:00:00Z');

/** @param minute after the start, which is its cursor too */
function notice(minute: number, kind: RotationNoticeKind = 'ROTATED', registryId = 'a'): ShownNoticeFragment {
  return {
    cursor: String(minute),
    kind,
    registryId,
    url: `${registryId}.example`,
    credentialVersion: 1,
    occurredAt: new Date(START + minute * 60_000).toISOString(),
    actor: 'ada',
    leasesOnOlderVersions: 0,
    message: '',
  };
}

const cursors = (notices: readonly ShownNoticeFragment[]) => notices.map(({ cursor }) => cursor);

describe('notices that were read and that came live', () => {
  it('are each shown once, newest first', () => {
    const read = [notice(3), notice(2), notice(1)];
    const live = [notice(3), notice(4), notice(5)];
    expect(cursors(together(read, live))).toEqual(['5', '4', '3', '2', '1']);
  });

  it('stay in order when the list is read again and no longer reaches all that came live', () => {
    const live = [notice(2), notice(3), notice(4), notice(5)];
    expect(cursors(together([notice(5), notice(4)], live))).toEqual(['5', '4', '3', '2']);
  });
});

describe('a notice', () => {
  it('is settled by a later one of its registry alone', () => {
    const all = [
      notice(6, 'ROTATED', 'a'),
      notice(5, 'RECOVERED', 'b'),
      notice(4, 'EXPIRING', 'b'),
      notice(3, 'AUTHENTICATION_FAILED', 'b'),
      notice(2, 'EXPIRED', 'a'),
      notice(1, 'STAGED', 'a'),
    ];
    expect([...settledAmong(all)]).toEqual(['3', '2', '1']);
  });

  it('is not settled by an earlier one', () => {
    expect(settledAmong([notice(2, 'EXPIRING'), notice(1, 'ROTATED')]).size).toBe(0);
  });

  it('stands under its day by the calendar of the reader, over a change to summer time', () => {
    const reader = { locale: 'en-GB', timeZone: 'Europe/Berlin' };
    const [today, yesterday, before] = ['2026-03-29T22:30:00Z', '2026-03-29T20:00:00Z', '2026-03-28T12:00:00Z'];
    const notices = [today, yesterday, before].map((occurredAt) => ({ ...notice(1), occurredAt: String(occurredAt) }));
    const days = byDay(notices, new Date('2026-03-29T23:00:00Z'), reader);
    expect(days.map(({ title }) => title)).toEqual(['Today', 'Yesterday', '28 Mar 2026']);
  });
});

it('offers each registry of the notices once, by URL', () => {
  const notices = [notice(3, 'ROTATED', 'z'), notice(2, 'EXPIRING', 'a'), notice(1, 'STAGED', 'z')];
  expect(registriesAmong(notices)).toEqual([
    { id: 'a', label: 'a.example' },
    { id: 'z', label: 'z.example' },
  ]);
});

describe('registries of notices', () => {
  it('are gone if their newest notice says so: one that was added again is there', () => {
    const notices = [
      notice(6, 'DELETED', 'gone'),
      notice(5, 'ROTATED', 'back'),
      notice(4, 'ROTATED', 'gone'),
      notice(3, 'DELETED', 'back'),
      notice(2, 'STAGED', 'there'),
    ];
    expect([...goneAmong(notices)]).toEqual(['gone']);
  });
});
