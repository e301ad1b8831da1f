import type { Instant } from './instant.ts';

const DAY_MS = 86_400_000;
const DAYS_BEFORE = [30, 14, 7, 3, 1] as const;
/** A credential that lives shorter is announced by shares of its life. */
const SHORT_LIFE_MS = 2 * DAY_MS;
const SHARES_OF_LIFE = [1 / 4, 1 / 10] as const;

/** A credential from its storing to its end. */
export interface CredentialLife {
  readonly rotatedAt: Instant;
  readonly expiresAt: Instant;
}

/**
 * How long before the end of a life of so many milliseconds it is announced: milliseconds, longest first. A short life is
 * announced within itself, so that a token of an hour is not about to expire from its first moment.
 */
export function expiryThresholds(lifeMs: number): readonly number[] {
  if (lifeMs >= SHORT_LIFE_MS) return DAYS_BEFORE.map((days) => days * DAY_MS);
  const shares = SHARES_OF_LIFE.map((share) => Math.floor(lifeMs * share));
  return shares.filter((before, place) => before > 0 && before !== shares[place - 1]);
}

/** The thresholds of a credential whose end is known. */
export function thresholdsOf({ rotatedAt, expiresAt }: CredentialLife): readonly number[] {
  return expiryThresholds(Date.parse(expiresAt) - Date.parse(rotatedAt));
}

/** From when on it counts as expiring: from the first of its thresholds. */
export function expiringFrom(life: CredentialLife): Instant {
  const [first = 0] = thresholdsOf(life);
  return new Date(Date.parse(life.expiresAt) - first).toISOString();
}
