import type { EventOf, EventType } from './events.ts';
import type { Instant } from './instant.ts';
import type { RotationNoticeKind } from './notices.ts';
import type { LiveRegistry } from './registry.ts';

export interface NoticeFacts {
  readonly kind: RotationNoticeKind;
  readonly registry: LiveRegistry;
  readonly actor: string;
  readonly occurredAt: Instant;
  /** Active leases that hold another version than the current one; of a deleted registry, all. */
  readonly olderLeases: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What happened and what to do about it, in plain English. It never names a secret. */
export function noticeMessage({ kind, registry, actor, occurredAt, olderLeases }: NoticeFacts): string {
  const { url, credential, rotateEveryDays } = registry;
  const { version, expiresAt } = credential;
  switch (kind) {
    case 'ROTATED': {
      const rotated = `${actor} rotated the credential of ${url} to version ${version}.`;
      const until = registry.retiring ? `, at the latest until ${minuteOf(registry.retiring.graceEndsAt)}` : '';
      return olderLeases === 0 ? rotated : `${rotated} ${holders(olderLeases)} an older version${until}.`;
    }
    case 'EXPIRING':
      return expiresAt === null
        ? `The credential of ${url} expires soon. Rotate it.`
        : `Version ${version} of the credential of ${url} expires in ${timeLeft(occurredAt, expiresAt)}, ${onDay(expiresAt)}. Rotate it before then.`;
    case 'EXPIRED':
      return `Version ${version} of the credential of ${url} expired${expiresAt === null ? '' : ` ${onDay(expiresAt)}`} and is no longer issued. Rotate it.`;
    case 'ROTATION_OVERDUE':
      return `The credential of ${url} is to be rotated every ${counted(rotateEveryDays ?? 0, 'day')}, and was last rotated ${onDay(credential.rotatedAt)}. Rotate it.`;
    case 'NEEDS_CREDENTIAL':
      return `The stored secret of ${url}, version ${version}, is missing, so it cannot be issued. Rotate the credential to store it again.`;
    case 'AUTHENTICATION_FAILED':
      return `${url} refuses version ${version} of its credential, also at a second try. Pipelines that use it fail: rotate it, or mend the account at the registry.`;
    case 'RECOVERED':
      return `${url} accepts version ${version} of its credential again.`;
    case 'DELETED': {
      const deleted = `${actor} deleted ${url}.`;
      return olderLeases === 0 ? deleted : `${deleted} ${holders(olderLeases)} its credential.`;
    }
    case 'STAGED':
    case 'ABANDONED':
    case 'RETIRED':
      return `${actor} changed the versions of the credential of ${url}.`;
  }
}

export interface OtherVersion {
  readonly event: EventOf<EventType>;
  readonly version: number;
  readonly url: string;
  readonly actor: string;
  /** Active leases that hold another version than the current one. */
  readonly older: number;
}

/** What happened to a version beside the current one; null if the event is of the current one. */
export function versionMessage({ event: { type, data }, version, url, actor, older }: OtherVersion): string | null {
  const staged = `version ${version} of the credential of ${url}`;
  if (type === 'CredentialStaged') return `${actor} staged ${staged}. It is not active yet.`;
  if (type !== 'StagedCredentialAbandoned' && type !== 'CredentialRetired') return null;
  switch (data.reason) {
    case 'REQUESTED':
      return `${actor} abandoned the staged ${staged}. It is destroyed.`;
    case 'LAST_LEASE_ENDED':
      return `The last lease of ${staged} ended. It is destroyed.`;
    case 'GRACE_ENDED':
      return `The grace of ${staged} ended, and it is destroyed. ${holders(older)} it.`;
    default:
      return `${actor} replaced ${staged}. It is destroyed.`;
  }
}

function holders(leases: number): string {
  return leases === 1 ? '1 lease still holds' : `${leases} leases still hold`;
}

/** The largest unit of which at least two are left, rounded: a notice comes some seconds after its moment. */
function timeLeft(from: Instant, until: Instant): string {
  const left = Math.max(0, Date.parse(until) - Date.parse(from));
  const days = Math.round(left / DAY_MS);
  if (days >= 2) return counted(days, 'day');
  const hours = Math.round(left / HOUR_MS);
  if (hours >= 2) return counted(hours, 'hour');
  return counted(Math.max(1, Math.round(left / MINUTE_MS)), 'minute');
}

function onDay(instant: Instant): string {
  return `on ${minuteOf(instant)}`;
}

/** Such as `2026-12-01 at 09:30 UTC`: all readers get the same text, wherever they are. */
function minuteOf(instant: Instant): string {
  return `${instant.slice(0, 10)} at ${instant.slice(11, 16)} UTC`;
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
