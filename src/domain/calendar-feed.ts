import { createHash, timingSafeEqual } from 'node:crypto';
import { badUserInput } from './errors.ts';
import { calendarFeedId } from './identity.ts';
import type { Instant } from './instant.ts';
import type { Secret } from './secret.ts';
import { checkText } from './text-rules.ts';
import { unreachable } from './unreachable.ts';

/** Feeds of one project that are in force. */
export const MAX_FEEDS = 20;
/** 256 bits of chance: nobody can guess one. */
export const CAPABILITY_BYTES = 32;
const CAPABILITY = /^[A-Za-z0-9_-]{43}$/;

const DAY_MS = 86_400_000;
export const FEED_LIFE_DAYS = { default: 365, max: 730 } as const;
const MAX_NAME_LENGTH = 100;

/** Somebody made a secret URL that shows when credentials of the project expire. */
export interface CalendarFeedCreated {
  readonly type: 'CalendarFeedCreated';
  readonly data: {
    readonly feedId: string;
    readonly projectId: string;
    readonly name: string;
    /** SHA-256 of the capability in the URL, which is stored nowhere. */
    readonly capabilityHash: string;
    readonly expiresAt: Instant;
  };
}

export interface CalendarFeedRevoked {
  readonly type: 'CalendarFeedRevoked';
  readonly data: { readonly feedId: string; readonly name: string };
}

export type CalendarFeedEvent = CalendarFeedCreated | CalendarFeedRevoked;

export function isCalendarFeedEvent(event: { readonly type: string }): event is CalendarFeedEvent {
  return event.type === 'CalendarFeedCreated' || event.type === 'CalendarFeedRevoked';
}

/** A feed as queries see it. */
export interface CalendarFeedView {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Instant;
  readonly createdBy: string;
  readonly expiresAt: Instant;
}

export interface CalendarFeed extends CalendarFeedView {
  readonly projectId: string;
  /** SHA-256 of its capability. */
  readonly capabilityHash: string;
  readonly revoked: boolean;
}

/** Null: it was never created. */
export type CalendarFeedState = CalendarFeed | null;

export function evolveCalendarFeed(
  state: CalendarFeedState,
  event: CalendarFeedEvent,
  { at, actor }: { readonly at: Instant; readonly actor: string },
): CalendarFeed {
  switch (event.type) {
    case 'CalendarFeedCreated': {
      const { feedId, ...feed } = event.data;
      return { id: feedId, ...feed, createdAt: at, createdBy: actor, revoked: false };
    }
    case 'CalendarFeedRevoked':
      if (state === null) throw new Error('CalendarFeedRevoked on a feed that was never created');
      return { ...state, revoked: true };
    default:
      return unreachable(event, 'calendar feed event');
  }
}

export function feedView({ id, name, createdAt, createdBy, expiresAt }: CalendarFeed): CalendarFeedView {
  return { id, name, createdAt, createdBy, expiresAt };
}

/** What is kept of a capability, and which feed it would open. Undefined if no feed can have it. */
export function feedOfCapability(
  capability: Secret,
): { readonly feedId: string; readonly capabilityHash: string } | undefined {
  const text = capability.reveal();
  if (!CAPABILITY.test(text)) return undefined;
  const capabilityHash = createHash('sha256').update(text).digest('hex');
  return { feedId: calendarFeedId(capabilityHash), capabilityHash };
}

/** Whether the capability opens the feed now. `now` is in milliseconds since 1970. */
export function isOpenedBy(feed: CalendarFeed, capabilityHash: string, now: number): boolean {
  const [known, given] = [Buffer.from(feed.capabilityHash, 'hex'), Buffer.from(capabilityHash, 'hex')];
  return known.length === given.length && timingSafeEqual(known, given) && isInForce(feed, now);
}

export function isInForce({ revoked, expiresAt }: Pick<CalendarFeed, 'revoked' | 'expiresAt'>, now: number): boolean {
  return !revoked && Date.parse(expiresAt) > now;
}

export interface CreateCalendarFeed {
  readonly projectId: string;
  readonly name: string;
  /** Null: after the default life. */
  readonly expiresAt: Instant | null;
  readonly capability: Secret;
}

/** @throws PurserError BAD_USER_INPUT */
export function decideCreateFeed(
  { projectId, name, expiresAt, capability }: CreateCalendarFeed,
  now: number,
): CalendarFeedCreated {
  const feed = feedOfCapability(capability);
  if (feed === undefined) throw new Error('this capability cannot be of a feed');
  const latest = new Date(now + FEED_LIFE_DAYS.max * DAY_MS).toISOString();
  if (expiresAt !== null && (Date.parse(expiresAt) <= now || expiresAt > latest)) {
    throw badUserInput(
      'expiresAt',
      `\`expiresAt\` must be in the future, and at most ${FEED_LIFE_DAYS.max} days from now.`,
    );
  }
  return {
    type: 'CalendarFeedCreated',
    data: {
      ...feed,
      projectId,
      name: checkText('name', name, { max: MAX_NAME_LENGTH }),
      expiresAt: expiresAt ?? new Date(now + FEED_LIFE_DAYS.default * DAY_MS).toISOString(),
    },
  };
}

/** Null if there is nothing to do. */
export function decideRevokeFeed({ id, name, revoked }: CalendarFeed): CalendarFeedRevoked | null {
  return revoked ? null : { type: 'CalendarFeedRevoked', data: { feedId: id, name } };
}
