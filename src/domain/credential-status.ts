import type { Instant } from './events.ts';

export type CredentialStatus = 'ACTIVE' | 'EXPIRING' | 'EXPIRED' | 'FAILING' | 'NEEDS_CREDENTIAL';

const DAY_MS = 86_400_000;
/** A credential counts as expiring for its last 14 days. */
export const EXPIRING_WITHIN_MS = 14 * DAY_MS;

export interface CredentialTimes {
  /** False where the sealed secret is gone although the log says that it should be there. */
  readonly present: boolean;
  readonly expiresAt: Instant | null;
  /** The registry refused this version when it was last tested. */
  readonly failing: boolean;
}

/** `now` in milliseconds since 1970. */
export function credentialStatus(credential: CredentialTimes, now: number): CredentialStatus {
  if (!credential.present) return 'NEEDS_CREDENTIAL';
  if (credential.expiresAt !== null && Date.parse(credential.expiresAt) <= now) return 'EXPIRED';
  if (credential.failing) return 'FAILING';
  if (credential.expiresAt === null) return 'ACTIVE';
  const left = Date.parse(credential.expiresAt) - now;
  return left <= EXPIRING_WITHIN_MS ? 'EXPIRING' : 'ACTIVE';
}

export function rotationDueAt(credential: { rotatedAt: Instant; rotateEveryDays: number | null }): Instant | null {
  if (credential.rotateEveryDays === null) return null;
  return new Date(Date.parse(credential.rotatedAt) + credential.rotateEveryDays * DAY_MS).toISOString();
}
