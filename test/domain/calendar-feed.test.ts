import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type CalendarFeed,
  decideCreateFeed,
  decideRevokeFeed,
  evolveCalendarFeed,
  feedOfCapability,
  isOpenedBy,
} from '../../src/domain/calendar-feed.ts';
import { Secret } from '../../src/domain/secret.ts';
import { refusal } from './refusals.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const DAY_MS = 86_400_000;
const inDays = (days: number): string => new Date(NOW + days * DAY_MS).toISOString();
const aCapability = () => new Secret(randomBytes(32).toString('base64url'));
const command = (changes: Partial<Parameters<typeof decideCreateFeed>[0]> = {}) => ({
  projectId: 'demo',
  name: ' Platform team ',
  expiresAt: null,
  capability: aCapability(),
  ...changes,
});

function created(capability: Secret): CalendarFeed {
  return evolveCalendarFeed(null, decideCreateFeed(command({ capability }), NOW), { at: inDays(0), actor: 'ada' });
}

describe('creating a feed', () => {
  it('keeps the hash of the capability, and lasts a year if nothing else is asked for', () => {
    const capability = aCapability();
    const { data } = decideCreateFeed(command({ capability }), NOW);
    expect(data).toMatchObject({ name: 'Platform team', projectId: 'demo', expiresAt: inDays(365) });
    expect(data.capabilityHash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(data)).not.toContain(capability.reveal());
    expect(decideCreateFeed(command({ expiresAt: inDays(730) }), NOW).data.expiresAt).toBe(inDays(730));
  });

  it.each([
    ['name', { name: ' ' }],
    ['name', { name: 'x'.repeat(101) }],
    ['name', { name: 'a\u0007b' }],
    ['expiresAt', { expiresAt: inDays(0) }],
    ['expiresAt', { expiresAt: inDays(-1) }],
    ['expiresAt', { expiresAt: inDays(731) }],
  ])('is refused on %s for %j', (field, changes) => {
    expect(refusal(() => decideCreateFeed(command(changes), NOW)).field).toBe(field);
  });
});

describe('a capability', () => {
  it('opens its feed until it expires or is revoked, and no other feed', () => {
    const capability = aCapability();
    const feed = created(capability);
    const { feedId = '', capabilityHash = '' } = feedOfCapability(capability) ?? {};
    expect(feedId).toBe(feed.id);
    expect(isOpenedBy(feed, capabilityHash, NOW)).toBe(true);
    expect(isOpenedBy(feed, capabilityHash, Date.parse(feed.expiresAt) - 1)).toBe(true);
    expect(isOpenedBy(feed, capabilityHash, Date.parse(feed.expiresAt))).toBe(false);
    const other = feedOfCapability(aCapability());
    expect(isOpenedBy(feed, other?.capabilityHash ?? '', NOW)).toBe(false);
    const revocation = decideRevokeFeed(feed);
    if (revocation === null) throw new Error('there was something to revoke');
    const revoked = evolveCalendarFeed(feed, revocation, { at: inDays(1), actor: 'bob' });
    expect(isOpenedBy(revoked, capabilityHash, NOW)).toBe(false);
    expect(decideRevokeFeed(revoked)).toBeNull();
  });

  it.each(['', 'short', `${'a'.repeat(42)}=`, 'a'.repeat(44), `${'a'.repeat(42)}/`, `${'a'.repeat(43)}\n`])(
    'cannot be %j',
    (text) => {
      expect(feedOfCapability(new Secret(text))).toBeUndefined();
    },
  );
});
