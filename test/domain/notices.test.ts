import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldRegistry } from '../../src/application/log/folds.ts';
import { credentialStatus } from '../../src/domain/credential.ts';
import type { NoticeRaised, RegistryTested } from '../../src/domain/events.ts';
import { initialRegistryState } from '../../src/domain/evolve-registry.ts';
import { expiringFrom, expiryThresholds } from '../../src/domain/expiry-thresholds.ts';
import { noticeId } from '../../src/domain/identity.ts';
import { noticeMessage } from '../../src/domain/notice-message.ts';
import { decideNotices, isStillTrue, nextNoticeAt, noticeOfTest, toldOfTest } from '../../src/domain/notices.ts';
import type { LiveRegistry } from '../../src/domain/registry.ts';
import { evolveTold, NOTHING_TOLD, type Told } from '../../src/domain/told.ts';
import { createdEvent, recorded, testedEvent } from '../support/recorded-events.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const BORN = Date.parse('2026-03-01T00:00:00.000Z');
const at = (ms: number) => new Date(BORN + ms).toISOString();

function registry(changes: {
  readonly lifeMs?: number;
  readonly version?: number;
  /** After `BORN`. */
  readonly rotatedMs?: number;
  readonly rotateEveryDays?: number;
  readonly expiryChanges?: number;
  readonly rotationPolicyChanges?: number;
}): LiveRegistry {
  const state = foldRegistry(initialRegistryState, recorded([createdEvent('a', 1)]));
  if (state.phase !== 'live') throw new Error('it was created');
  const { lifeMs, version = 1, rotatedMs = 0, ...others } = changes;
  const expiresAt = lifeMs === undefined ? null : at(lifeMs);
  return { ...state, ...others, credential: { ...state.credential, version, expiresAt, rotatedAt: at(rotatedMs) } };
}

const tell = (told: Told, events: readonly NoticeRaised[]) => events.reduce(evolveTold, told);
const labels = (events: readonly NoticeRaised[]) =>
  events.map(({ data: { kind, thresholdMs } }) => `${kind} ${thresholdMs / DAY_MS}`);
const due = (one: LiveRegistry, told: Told, ms: number, secretMissing = false) =>
  decideNotices(one, told, { now: BORN + ms, secretMissing });

describe('the thresholds of a life', () => {
  it.each([365 * DAY_MS, 30 * DAY_MS, 2 * DAY_MS])('of %d ms are days before its end', (lifeMs) => {
    expect(expiryThresholds(lifeMs)).toEqual([30, 14, 7, 3, 1].map((count) => count * DAY_MS));
  });

  it('of under two days are a quarter and a tenth of it', () => {
    expect(expiryThresholds(HOUR_MS)).toEqual([15 * MINUTE_MS, 6 * MINUTE_MS]);
    expect(expiryThresholds(2 * DAY_MS - 1000)).toEqual([0.25, 0.1].map((share) => share * (2 * DAY_MS - 1000)));
  });

  it('are given at most once and in order, whatever the length, and not from birth on if it is short', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: -DAY_MS, max: 3 * DAY_MS }), fc.integer({ min: 0, max: 4000 * DAY_MS })),
        (lifeMs) => {
          const thresholds = expiryThresholds(lifeMs);
          expect([...new Set(thresholds)].sort((a, b) => b - a)).toEqual(thresholds);
          const least = lifeMs < 2 * DAY_MS ? lifeMs : Number.POSITIVE_INFINITY;
          expect(thresholds.every((before) => before > 0 && before < least)).toBe(true);
        },
      ),
    );
  });
});

describe('a credential counts as expiring', () => {
  const statusAt = (lifeMs: number, ms: number) => {
    const life = { rotatedAt: at(0), expiresAt: at(lifeMs) };
    const times = { present: true, failing: false, expiresAt: life.expiresAt, expiringFrom: expiringFrom(life) };
    return credentialStatus(times, BORN + ms);
  };

  it('from its first notice on, and a token of an hour not from its birth', () => {
    expect([0, 44, 45, 59, 60].map((minutes) => statusAt(HOUR_MS, minutes * MINUTE_MS))).toEqual([
      'ACTIVE',
      'ACTIVE',
      'EXPIRING',
      'EXPIRING',
      'EXPIRED',
    ]);
    expect([0, 334, 335, 364, 365].map((days) => statusAt(365 * DAY_MS, days * DAY_MS))).toEqual([
      'ACTIVE',
      'ACTIVE',
      'EXPIRING',
      'EXPIRING',
      'EXPIRED',
    ]);
  });
});

describe('the notices that are due', () => {
  it('come once each and in order, however often and irregularly anybody looks', () => {
    const lives = fc.oneof(fc.integer({ min: 1, max: 3 * DAY_MS }), fc.integer({ min: 1, max: 800 * DAY_MS }));
    const looks = fc.array(fc.double({ min: 0, max: 1.2, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(lives, looks, (lifeMs, shares) => {
        const one = registry({ lifeMs });
        let told = NOTHING_TOLD;
        const given: number[] = [];
        for (const ms of [...shares.map((share) => Math.floor(share * lifeMs)), 2 * lifeMs].sort((a, b) => a - b)) {
          const events = due(one, told, ms);
          // Only the nearest of those that have passed.
          expect(events.length).toBeLessThanOrEqual(1);
          for (const { data } of events) {
            const passed = [...expiryThresholds(lifeMs), 0].filter((before) => lifeMs - before <= ms);
            expect(data.thresholdMs).toBe(passed.at(-1));
            given.push(data.thresholdMs);
          }
          // What the index says: due if and only if something is to be told.
          expect((nextNoticeAt(one, told) ?? '~') <= at(ms)).toBe(events.length > 0);
          told = tell(told, events);
        }
        expect(given).toEqual([...new Set(given)].sort((a, b) => b - a));
        expect(given.at(-1)).toBe(0);
        expect(nextNoticeAt(one, told)).toBe(null);
      }),
    );
  });

  it('begin anew with another expiry or another password, each with the nearest only', () => {
    const told = tell(NOTHING_TOLD, due(registry({ lifeMs: 60 * DAY_MS }), NOTHING_TOLD, 55 * DAY_MS));
    expect(labels(due(registry({ lifeMs: 60 * DAY_MS }), told, 55 * DAY_MS))).toEqual([]);
    const changed = { expiryChanges: 1 };
    expect(labels(due(registry({ ...changed, lifeMs: 58 * DAY_MS }), told, 55 * DAY_MS))).toEqual(['EXPIRING 3']);
    expect(labels(due(registry({ lifeMs: 60 * DAY_MS, version: 2, rotatedMs: 1 }), told, 55 * DAY_MS))).toEqual([
      'EXPIRING 7',
    ]);
    expect(due(registry({ ...changed, lifeMs: 90 * DAY_MS }), told, 55 * DAY_MS)).toEqual([]);
    expect(due(registry({ ...changed }), told, 999 * DAY_MS)).toEqual([]);
  });

  it('begin anew with a deadline that was changed and changed back, of which nobody heard in between', () => {
    const one = registry({ lifeMs: 60 * DAY_MS, rotateEveryDays: 50 });
    const events = due(one, NOTHING_TOLD, 55 * DAY_MS);
    const told = tell(NOTHING_TOLD, events);
    expect(labels(events)).toEqual(['EXPIRING 7', 'ROTATION_OVERDUE 0']);
    const back = { ...one, expiryChanges: 2 };
    expect(labels(due(back, told, 55 * DAY_MS))).toEqual(['EXPIRING 7']);
    expect(labels(due({ ...one, rotationPolicyChanges: 2 }, told, 55 * DAY_MS))).toEqual(['ROTATION_OVERDUE 0']);
    const again = tell(told, due(back, told, 55 * DAY_MS));
    expect([due(back, again, 55 * DAY_MS), nextNoticeAt(back, again)]).toEqual([[], at(57 * DAY_MS)]);
    // What was decided before the change is not told of what holds after it.
    expect(events.map((event) => isStillTrue({ ...back, rotationPolicyChanges: 1 }, event))).toEqual([false, false]);
    const ids = [events, due({ ...back, rotationPolicyChanges: 2 }, told, 55 * DAY_MS)].flat();
    expect(new Set(ids.map(({ data }) => noticeId(data))).size).toBe(4);
  });

  it('tell of an overdue rotation once for each date, and of a missing secret once for each version', () => {
    const one = registry({ rotateEveryDays: 90 });
    expect(due(one, NOTHING_TOLD, 90 * DAY_MS - 1)).toEqual([]);
    const events = due(one, NOTHING_TOLD, 90 * DAY_MS, true);
    expect(labels(events)).toEqual(['ROTATION_OVERDUE 0', 'NEEDS_CREDENTIAL 0']);
    const told = tell(NOTHING_TOLD, events);
    expect(due(one, told, 200 * DAY_MS, true)).toEqual([]);
    const stricter = registry({ rotateEveryDays: 60, rotationPolicyChanges: 1 });
    expect(labels(due(stricter, told, 90 * DAY_MS, true))).toEqual(['ROTATION_OVERDUE 0']);
    expect(labels(due(registry({ rotateEveryDays: 90, version: 2 }), told, 1, true))).toEqual(['NEEDS_CREDENTIAL 0']);
  });

  it('go on with a new user name, which seals the same password as another version', () => {
    const one = registry({ lifeMs: 60 * DAY_MS, rotateEveryDays: 50 });
    const renamed = registry({ lifeMs: 60 * DAY_MS, rotateEveryDays: 50, version: 2 });
    const events = due(one, NOTHING_TOLD, 55 * DAY_MS);
    const told = tell(NOTHING_TOLD, events);
    expect([due(renamed, told, 55 * DAY_MS), nextNoticeAt(renamed, told)]).toEqual([[], at(57 * DAY_MS)]);
    expect(labels(due(renamed, told, 57 * DAY_MS))).toEqual(['EXPIRING 3']);
    // Renamed between decision and record: nobody would hear of it later.
    expect(events.map((event) => isStillTrue(renamed, event))).toEqual([true, true]);
    const rotated = registry({ lifeMs: 60 * DAY_MS, rotateEveryDays: 50, version: 2, rotatedMs: 1 });
    expect(events.map((event) => isStillTrue(rotated, event))).toEqual([false, false]);
  });

  it('are in plain English, with the time that is left', () => {
    const message = (kind: 'EXPIRING' | 'EXPIRED' | 'ROTATION_OVERDUE' | 'NEEDS_CREDENTIAL', occurredAt: string) =>
      noticeMessage({
        kind,
        registry: registry({ lifeMs: 60 * DAY_MS, rotateEveryDays: 30 }),
        actor: 'system:purser',
        occurredAt,
        olderLeases: 0,
      });
    expect(message('EXPIRING', at(53 * DAY_MS + 5000))).toBe(
      'Version 1 of the credential of a.example expires in 7 days, on 2026-04-30 at 00:00 UTC. Rotate it before then.',
    );
    expect(message('EXPIRING', at(59 * DAY_MS))).toContain('expires in 24 hours,');
    expect(message('EXPIRED', at(60 * DAY_MS))).toBe(
      'Version 1 of the credential of a.example expired on 2026-04-30 at 00:00 UTC and is no longer issued. Rotate it.',
    );
    expect(message('ROTATION_OVERDUE', at(30 * DAY_MS))).toBe(
      'The credential of a.example is to be rotated every 30 days, and was last rotated on 2026-03-01 at 00:00 UTC. Rotate it.',
    );
    expect(message('NEEDS_CREDENTIAL', at(0))).toContain('Rotate the credential to store it again.');
  });
});

describe('a test of the stored credential', () => {
  const REFUSED = { outcome: 'AUTHENTICATION_FAILED', login: 'DENIED', scheduled: true } as const;
  const WORKS = { outcome: 'OK', login: 'PROVED' } as const;
  /** What people hear of these tests of version 1, one after the other. */
  function heard(...tests: readonly Partial<RegistryTested['data']>[]) {
    let told = NOTHING_TOLD;
    return tests.map(({ credentialVersion = 1, ...findings }) => {
      const one = registry({});
      const notice = noticeOfTest(one, told, testedEvent('a', credentialVersion, findings));
      told = toldOfTest(told, notice, credentialVersion);
      return notice;
    });
  }

  it('gives notice of a refusal once, and of the recovery once', () => {
    expect(heard(REFUSED, REFUSED, WORKS, WORKS, REFUSED, { ...WORKS, scheduled: true })).toEqual([
      'AUTHENTICATION_FAILED',
      null,
      'RECOVERED',
      null,
      'AUTHENTICATION_FAILED',
      'RECOVERED',
    ]);
  });

  it('gives no notice of what a person saw, of another version, or of what decides nothing', () => {
    expect(heard({ ...REFUSED, scheduled: false }, WORKS)).toEqual([null, null]);
    expect(heard({ ...REFUSED, credentialVersion: 2 })).toEqual([null]);
    const unreachable = { outcome: 'UNREACHABLE', login: 'UNKNOWN' } as const;
    const open = { outcome: 'OK', login: 'UNKNOWN', detail: 'NO_LOGIN_ASKED' } as const;
    expect(heard(REFUSED, unreachable, open, { ...open, pull: 'PROVED' })).toEqual([
      'AUTHENTICATION_FAILED',
      null,
      null,
      'RECOVERED',
    ]);
  });
});
