const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The pauses after the first attempt, after the second and so on, as Standard Webhooks recommends: 75 hours and 35 minutes. */
const PAUSES_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;
export const MAX_ATTEMPTS = PAUSES_MS.length + 1;
/** Each pause is up to this part longer or shorter, so that deliveries that failed together are not tried together. */
const JITTER = 0.1;
/** A receiver may not put off its notices for longer than the longest pause. */
const MAX_RETRY_AFTER_MS = 24 * HOUR;
/** For a receiver that is overloaded and does not say for how long. */
const DEFAULT_THROTTLE_MS = MINUTE;

/**
 * How long to wait after the attempt of this number, from 1 on. Undefined after the last one.
 * @param random from 0 up to 1 @param retryAfterMs what the receiver asked for, if it did
 */
export function pauseAfter(attempt: number, random: number, retryAfterMs = 0): number | undefined {
  const pause = PAUSES_MS[attempt - 1];
  if (pause === undefined) return undefined;
  return Math.round(Math.max(pause * (1 - JITTER + 2 * JITTER * random), retryAfterMs));
}

/** How long an overloaded receiver gets no delivery at all. */
export function throttleMs(retryAfterMs: number | undefined): number {
  return retryAfterMs ?? DEFAULT_THROTTLE_MS;
}

/**
 * Reads the header `Retry-After`: seconds, or an HTTP date.
 * @param now in milliseconds since 1970 @returns milliseconds, at most a day; undefined if there is no readable value
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const milliseconds = /^\d{1,15}$/.test(text) ? Number(text) * SECOND : httpDate(text) - now;
  if (!Number.isFinite(milliseconds)) return undefined;
  return Math.min(Math.max(milliseconds, 0), MAX_RETRY_AFTER_MS);
}

/** `Date.parse` also reads texts that no HTTP date looks like, such as `-5`. */
function httpDate(text: string): number {
  return /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
}
