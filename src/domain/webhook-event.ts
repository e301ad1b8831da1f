import type { Instant } from './instant.ts';
import type { RotationNoticeKind } from './notices.ts';

/** A notice as it waits for its deliveries. */
export interface QueuedNotice {
  /** The id of the event in the log: the same over all attempts, replays, restarts and replicas. */
  readonly eventId: string;
  readonly kind: RotationNoticeKind;
  readonly projectId: string;
  readonly registryId: string;
  readonly occurredAt: Instant;
  readonly url: string;
  readonly credentialVersion: number;
  readonly expiresAt: Instant | null;
  readonly actor: string;
  readonly leasesOnOlderVersions: number;
  readonly message: string;
}

/** All that a receiver is told, as the text that its code is made of. The sequence gives the cursor. */
export function signedNotice(notice: QueuedNotice, sequence: number): string {
  const { eventId, kind, projectId, registryId, occurredAt, ...rest } = notice;
  const { url, credentialVersion, expiresAt, actor, leasesOnOlderVersions, message } = rest;
  const told = [url, credentialVersion, expiresAt, actor, leasesOnOlderVersions, message];
  return JSON.stringify([eventId, sequence, kind, projectId, registryId, occurredAt, ...told]);
}

/** The CloudEvents type of each kind of notice. Receivers route by it, so a type never changes. */
export const NOTICE_TYPES: { readonly [Kind in RotationNoticeKind]: string } = {
  ROTATED: 'dev.purser.credential.rotated',
  STAGED: 'dev.purser.credential.staged',
  ABANDONED: 'dev.purser.credential.abandoned',
  RETIRED: 'dev.purser.credential.retired',
  EXPIRING: 'dev.purser.credential.expiring',
  EXPIRED: 'dev.purser.credential.expired',
  ROTATION_OVERDUE: 'dev.purser.credential.rotation-overdue',
  AUTHENTICATION_FAILED: 'dev.purser.credential.authentication-failed',
  RECOVERED: 'dev.purser.credential.recovered',
  NEEDS_CREDENTIAL: 'dev.purser.credential.needs-credential',
  DELETED: 'dev.purser.registry.deleted',
};
export const NOTICE_KINDS = Object.keys(NOTICE_TYPES) as readonly RotationNoticeKind[];

export const CONTENT_TYPE = 'application/cloudevents+json; charset=utf-8';
/** What Standard Webhooks allows for. */
export const MAX_BODY_BYTES = 20_000;

/**
 * The body of a delivery: the notice as a CloudEvents 1.0.2 event in structured JSON. The same notice gives the same bytes.
 * @param cursor where `rotationNotices` goes on after this notice
 */
export function webhookBody(notice: QueuedNotice, cursor: string): string {
  const { eventId, kind, projectId, registryId, occurredAt, ...rest } = notice;
  const { url, credentialVersion, expiresAt, actor, leasesOnOlderVersions, message } = rest;
  const data = { kind, projectId, registryId, url, credentialVersion, occurredAt, expiresAt, actor };
  const event = {
    specversion: '1.0',
    id: eventId,
    source: `/purser/projects/${encodeURIComponent(projectId)}`,
    type: NOTICE_TYPES[kind],
    subject: registryId,
    time: occurredAt,
    datacontenttype: 'application/json',
    data: { ...data, leasesOnOlderVersions, message, cursor },
  };
  return JSON.stringify(event);
}
