/** The longest grace that the service takes: a day. */
export const LONGEST_GRACE_MINUTES = 1440;

/** What becomes of the leases that run: `recommended` lasts until the last of them ends. */
export type GraceChoice = 'none' | 'recommended' | 'other';

const MINUTE_MS = 60_000;

/**
 * How long leases should keep the version before: until the last of them ends.
 *
 * @param endsAt when each active lease ends
 * @returns whole minutes, from 0 to a day
 */
export function recommendedGrace(endsAt: readonly string[], now: number): number {
  const last = Math.max(now, ...endsAt.map((end) => Date.parse(end)));
  return Math.min(LONGEST_GRACE_MINUTES, Math.ceil((last - now) / MINUTE_MS));
}

/** How many of these leases would lose their version before they end. */
export function cutOff(endsAt: readonly string[], graceMinutes: number, now: number): number {
  const end = now + graceMinutes * MINUTE_MS;
  return endsAt.filter((lease) => Date.parse(lease) > end).length;
}

/** @returns undefined unless it is a whole number of minutes that the service takes */
export function graceFrom(text: string): number | undefined {
  if (!/^\d{1,4}$/.test(text.trim())) return undefined;
  const minutes = Number(text.trim());
  return minutes <= LONGEST_GRACE_MINUTES ? minutes : undefined;
}
