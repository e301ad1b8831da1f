import type { AuditOutcome } from './audit-entry.ts';
import { badUserInput } from './errors.ts';
import type { Instant } from './instant.ts';

export type HistogramBucket = 'MINUTE' | 'HOUR' | 'DAY';

const MINUTE_MS = 60_000;
const BUCKET_MS: Readonly<Record<HistogramBucket, number>> = {
  MINUTE: MINUTE_MS,
  HOUR: 60 * MINUTE_MS,
  DAY: 24 * 60 * MINUTE_MS,
};
/** Without `from`. */
const DEFAULT_BUCKETS: Readonly<Record<HistogramBucket, number>> = { MINUTE: 60, HOUR: 48, DAY: 30 };
export const MAX_BUCKETS = 400;
/** GraphQL's largest Int. */
const MAX_COUNT = 2 ** 31 - 1;

export interface HistogramSpan {
  readonly from: Instant;
  /** Exclusive. */
  readonly to: Instant;
  readonly bucketMs: number;
}

/** How many attempts a bucket has. */
export interface BucketCounts {
  readonly start: Instant;
  readonly succeeded: number;
  readonly denied: number;
  readonly failed: number;
}

export interface OutcomeCount {
  /** When its bucket begins, in milliseconds since 1970. */
  readonly start: number;
  readonly outcome: AuditOutcome;
  readonly count: number;
}

/**
 * The time that a histogram covers: up to now, if `to` is not given.
 * @throws PurserError BAD_USER_INPUT on `filter.from` if it has too many buckets
 */
export function histogramSpan(
  bucket: HistogramBucket,
  limits: { readonly from: Instant | undefined; readonly to: Instant | undefined },
  now: number,
): HistogramSpan {
  const bucketMs = BUCKET_MS[bucket];
  const to = limits.to === undefined ? now : Date.parse(limits.to);
  const from =
    limits.from === undefined
      ? startOf(to - 1, bucketMs) - (DEFAULT_BUCKETS[bucket] - 1) * bucketMs
      : Date.parse(limits.from);
  if (startsOf(from, to, bucketMs) > MAX_BUCKETS) {
    throw badUserInput(
      'filter.from',
      `A histogram has at most ${MAX_BUCKETS} buckets. Choose a shorter time with \`filter.from\` and \`filter.to\`, or larger buckets.`,
    );
  }
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), bucketMs };
}

/** Every bucket of the time, oldest first, also those without attempts. */
export function histogram({ from, to, bucketMs }: HistogramSpan, counts: readonly OutcomeCount[]): BucketCounts[] {
  const byStart = new Map<number, Partial<Record<AuditOutcome, number>>>();
  for (const { start, outcome, count } of counts) {
    byStart.set(start, { ...byStart.get(start), [outcome]: Math.min(count, MAX_COUNT) });
  }
  const first = startOf(Date.parse(from), bucketMs);
  return Array.from({ length: startsOf(Date.parse(from), Date.parse(to), bucketMs) }, (_, index) => {
    const start = first + index * bucketMs;
    const { SUCCEEDED = 0, DENIED = 0, FAILED = 0 } = byStart.get(start) ?? {};
    return { start: new Date(start).toISOString(), succeeded: SUCCEEDED, denied: DENIED, failed: FAILED };
  });
}

/** How many buckets begin or go on between the times. */
function startsOf(from: number, to: number, bucketMs: number): number {
  return to <= from ? 0 : Math.ceil((to - startOf(from, bucketMs)) / bucketMs);
}

function startOf(at: number, bucketMs: number): number {
  return Math.floor(at / bucketMs) * bucketMs;
}
