import type { NoticeRaised } from './events.ts';
import { unreachable } from './unreachable.ts';

/** Which deadline a notice is of: an expiry that was changed and changed back is another one. */
interface ToldDeadline {
  readonly credentialVersion: number;
  readonly deadlineChanges: number;
}

/** What people were told of a registry. What is told of another version or another deadline does not count. */
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
  const { kind, credentialVersion, deadlineChanges, thresholdMs } = data;
  switch (kind) {
    case 'EXPIRING':
    case 'EXPIRED':
      return { ...told, expiry: { credentialVersion, deadlineChanges, thresholdMs } };
    case 'ROTATION_OVERDUE':
      return { ...told, overdue: { credentialVersion, deadlineChanges } };
    case 'NEEDS_CREDENTIAL':
      return { ...told, missing: credentialVersion };
    default:
      return unreachable(kind, 'scheduled notice');
  }
}
