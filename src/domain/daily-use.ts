import type { Instant } from './instant.ts';

/** The most days that can be asked for. */
export const MAX_DAYS = 90;
const DAY_MS = 86_400_000;

export interface UseCounts {
  /** How often a credential was issued. */
  readonly issued: number;
  /** How often that was denied or failed. */
  readonly failed: number;
}

/** A day with uses, as `YYYY-MM-DD` in UTC. */
export interface UsedDay extends UseCounts {
  readonly day: string;
}

/** A day, with or without uses. */
export interface DailyUse extends UseCounts {
  /** Its first moment in UTC. */
  readonly startsAt: Instant;
}

/** The last `days` days in UTC as `YYYY-MM-DD`, oldest first, today included. `now` is in milliseconds since 1970. */
export function lastDays(days: number, now: number): string[] {
  return Array.from({ length: days }, (_, index) => {
    const time = new Date(now - (days - 1 - index) * DAY_MS);
    return time.toISOString().slice(0, 'YYYY-MM-DD'.length);
  });
}

/** One entry for each of these days, with zeros for days without uses. */
export function dailyUses(days: readonly string[], used: readonly UsedDay[]): DailyUse[] {
  const counts = new Map(used.map((each) => [each.day, each]));
  return days.map((day) => {
    const { issued = 0, failed = 0 } = counts.get(day) ?? {};
    return { startsAt: `${day}T00:00:00.000Z`, issued, failed };
  });
}
