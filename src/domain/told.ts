import type { NoticeRaised } from './events.ts';
import type { Instant } from './instant.ts';
import { unreachable } from './unreachable.ts';

/**
 * Which deadline a notice is of: an expiry that was changed and changed back is another one, and so is that of another
 * password. A new user name alone makes another version and not another deadline.
 */
interface ToldDeadline {
  readonly rotatedAt: Instant;
  readonly deadlineChanges: number;
}

/** What people were told of a registry. What is told of another password or another deadline does not count. */
export interface Told {
  /** `thresholdMs`: the last threshold that was announced, in milliseconds before the end; 0 for the end itself. */
  readonly expiry: (ToldDeadline & { readonly thresholdMs: number }) | null;
  readonly overdue: ToldDeadline | null;
  /** The version whose secret was missing. */
  readonly missing: number | null;
  /** The version that was refused, until it works again. */
  readonly refused: number | null;
}

export const NOTHING_TOLD: Told = { expiry: null, overdue: null, missing: null, refused: null };

export function evolveTold(told: Told, { data }: NoticeRaised): Told {
  const { kind, credentialVersion, rotatedAt, deadlineChanges, thresholdMs } = data;
  switch (kind) {
    case 'EXPIRING':
    case 'EXPIRED':
      return { ...told, expiry: { rotatedAt, deadlineChanges, thresholdMs } };
    case 'ROTATION_OVERDUE':
      return { ...told, overdue: { rotatedAt, deadlineChanges } };
    case 'NEEDS_CREDENTIAL':
      return { ...told, missing: credentialVersion };
    default:
      return unreachable(kind, 'scheduled notice');
  }
}
