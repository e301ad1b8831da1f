/**
 * The longest grace that the service takes: a day. No lease lasts longer, and the version before is destroyed when its last lease
 * ends, so this grace outlasts them all by nobody's clock, those too that begin before the activation.
 */
export const LONGEST_GRACE_MINUTES = 1440;

/** What becomes of the leases that run: with `recommended` they keep their version until the last of them ends. */
export type GraceChoice = 'none' | 'recommended' | 'other';

const MINUTE_MS = 60_000;

/**
 * The grace that is asked for.
 *
 * @param activeLeases undefined while it is not known whether any runs: then only the reader can say
 */
export function graceChoice(
  chosen: GraceChoice | undefined,
  activeLeases: number | undefined,
): GraceChoice | undefined {
  if (chosen !== undefined || activeLeases === undefined) return chosen;
  return activeLeases > 0 ? 'recommended' : 'none';
}

/** @returns whole minutes; undefined if none are known */
export function minutesOf(grace: GraceChoice | undefined, entered: string): number | undefined {
  if (grace === undefined) return undefined;
  return { none: 0, recommended: LONGEST_GRACE_MINUTES, other: graceFrom(entered) }[grace];
}

/** When the last of these leases ends, in milliseconds since 1970; undefined if there is none. */
export function lastEnd(endsAt: readonly string[]): number | undefined {
  return endsAt.length === 0 ? undefined : Math.max(...endsAt.map((end) => Date.parse(end)));
}

/**
 * How many of these leases may lose their version before they end. The browser's clock may be wrong, so what counts is the latest
 * time that the service has told: it is no later than now, so no lease is missed.
 *
 * @param told times at which something happened at the service; null where it has not happened
 */
export function cutOff(
  endsAt: readonly string[],
  graceMinutes: number,
  told: readonly (string | null | undefined)[],
): number {
  const now = Math.max(0, ...told.map((time) => Date.parse(time ?? '') || 0));
  const end = now + graceMinutes * MINUTE_MS;
  return endsAt.filter((lease) => Date.parse(lease) > end).length;
}

/** @returns undefined unless it is a whole number of minutes that the service takes */
export function graceFrom(text: string): number | undefined {
  if (!/^\d{1,4}$/.test(text.trim())) return undefined;
  const minutes = Number(text.trim());
  return minutes <= LONGEST_GRACE_MINUTES ? minutes : undefined;
}
