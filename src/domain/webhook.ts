import type { RotationNoticeKind } from './notices.ts';
import type { Secret } from './secret.ts';

export const MAX_WEBHOOKS = 100;

/** A place where the operator wants notices sent to. It stands in the configuration, never in the database. */
export interface Webhook {
  /** Its lasting name: deliveries are kept under it. */
  readonly name: string;
  /** A secret, because many receivers know their callers by the path or the query. */
  readonly url: Secret;
  /** Host and port of the URL: all of it that people see. */
  readonly host: string;
  /** Signing keys, such as `whsec_…`: one, or two while receivers change theirs. */
  readonly secrets: readonly [Secret, ...Secret[]];
  /** Null for all projects. */
  readonly projects: readonly string[] | null;
  /** Null for all kinds. */
  readonly kinds: readonly RotationNoticeKind[] | null;
  /** PEM, trusted for this receiver besides Node's own list. */
  readonly caCertificate: string | null;
  /** Changes with the URL and with the secrets. */
  readonly fingerprint: string;
}

export function isForProject({ projects }: Pick<Webhook, 'projects'>, projectId: string): boolean {
  return projects === null || projects.includes(projectId);
}

/** Whether a notice of this project and kind is for the webhook. */
export function hears(webhook: Webhook, { projectId, kind }: { projectId: string; kind: RotationNoticeKind }): boolean {
  return isForProject(webhook, projectId) && (webhook.kinds === null || webhook.kinds.includes(kind));
}

export const DELIVERY_STATES = ['PENDING', 'DELIVERED', 'DEAD_LETTER'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Why an attempt failed. Nothing else of the answer is kept but the class of its status. */
export const DELIVERY_FAULTS = [
  'UNREACHABLE',
  'TIMED_OUT',
  'TLS_INVALID',
  'TARGET_NOT_ALLOWED',
  'PROXY_FAILED',
  'MALFORMED_ANSWER',
  'REDIRECTED',
  'THROTTLED',
  'GONE',
  'REFUSED',
  'SERVER_ERROR',
  'FORGED',
] as const;
export type DeliveryFault = (typeof DELIVERY_FAULTS)[number];

const THROTTLED = [429, 502, 504];
const GONE = 410;

/** Null: the receiver has the notice. */
export function faultOfStatus(status: number): DeliveryFault | null {
  if (status >= 200 && status <= 299) return null;
  if (status === GONE) return 'GONE';
  if (THROTTLED.includes(status)) return 'THROTTLED';
  if (status >= 300 && status <= 399) return 'REDIRECTED';
  if (status >= 400 && status <= 499) return 'REFUSED';
  return status >= 500 && status <= 599 ? 'SERVER_ERROR' : 'MALFORMED_ANSWER';
}
