import type { IconName } from './icon.tsx';

/** How a state is shown: a colour never says it alone. */
export type Tone = 'ok' | 'attention' | 'danger' | 'info' | 'neutral';

export interface Status {
  readonly word: string;
  readonly tone: Tone;
  readonly icon: IconName;
}

const status = (word: string, tone: Tone, icon: IconName): Status => ({ word, tone, icon });

// Keyed by the values of the schema's enums; a value that is missing here fails the type check of those who look it up by its type.
export const CREDENTIAL_STATUSES = {
  ACTIVE: status('Active', 'ok', 'ok'),
  EXPIRING: status('Expiring', 'attention', 'clock'),
  EXPIRED: status('Expired', 'danger', 'cross'),
  FAILING: status('Failing', 'danger', 'danger'),
  NEEDS_CREDENTIAL: status('Needs a credential', 'attention', 'key'),
} as const;

export const VERDICTS = {
  PROVED: status('Proved', 'ok', 'ok'),
  DENIED: status('Denied', 'danger', 'cross'),
  UNKNOWN: status('Not known', 'neutral', 'help'),
} as const;

export const AUDIT_OUTCOMES = {
  SUCCEEDED: status('Succeeded', 'ok', 'ok'),
  DENIED: status('Denied', 'attention', 'lock'),
  FAILED: status('Failed', 'danger', 'cross'),
} as const;

export const NOTICE_KINDS = {
  ABANDONED: status('Staged version abandoned', 'neutral', 'trash'),
  AUTHENTICATION_FAILED: status('Login refused', 'danger', 'danger'),
  DELETED: status('Deleted', 'neutral', 'trash'),
  EXPIRED: status('Expired', 'danger', 'cross'),
  EXPIRING: status('Expiring', 'attention', 'clock'),
  NEEDS_CREDENTIAL: status('Needs a credential', 'attention', 'key'),
  RECOVERED: status('Works again', 'ok', 'ok'),
  RETIRED: status('Old version retired', 'neutral', 'history'),
  ROTATED: status('Rotated', 'info', 'refresh'),
  ROTATION_OVERDUE: status('Rotation overdue', 'attention', 'warning'),
  STAGED: status('Version staged', 'info', 'pause'),
} as const;

export const PROBE_OUTCOMES = {
  OK: status('Works', 'ok', 'ok'),
  AUTHENTICATION_FAILED: status('Login refused', 'danger', 'cross'),
  CLOCK_SKEWED: status('Our clock is wrong', 'attention', 'clock'),
  EXPIRED: status('Expired', 'danger', 'cross'),
  INSUFFICIENT_PERMISSION: status('Lacks permission', 'danger', 'lock'),
  NOT_A_REGISTRY: status('Not a registry', 'danger', 'help'),
  RATE_LIMITED: status('Rate limited', 'attention', 'pause'),
  REALM_NOT_TRUSTED: status('Token server not trusted', 'attention', 'shield'),
  REPOSITORY_NOT_FOUND: status('Repository not found', 'attention', 'search'),
  TARGET_NOT_ALLOWED: status('Address not allowed', 'attention', 'lock'),
  TLS_INVALID: status('No secure connection', 'danger', 'lock'),
  UNEXPECTED_ANSWER: status('Unexpected answer', 'attention', 'help'),
  UNREACHABLE: status('Not reached', 'attention', 'cloud-off'),
} as const;

export const DELIVERY_STATES = {
  DELIVERED: status('Delivered', 'ok', 'ok'),
  PENDING: status('Pending', 'info', 'clock'),
  DEAD_LETTER: status('Dead letter', 'danger', 'cross'),
} as const;

/** For a test that was never made. */
export const NOT_TESTED: Status = status('Not tested', 'neutral', 'neutral');
