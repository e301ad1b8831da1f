const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
export const MAX_LIFETIME_SECONDS = 365 * 86_400;

/** Reads `90s`, `30m`, `1h` or `7d` as seconds. Undefined for anything else, for zero, and for more than 365 days. */
export function parseLifetime(text: string): number | undefined {
  const [, digits = '', unit = ''] = /^([0-9]{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(digits) * (SECONDS[unit] ?? 0);
  return seconds > 0 && seconds <= MAX_LIFETIME_SECONDS ? seconds : undefined;
}
