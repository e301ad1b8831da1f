import type { AuditBucket } from '../../api/generated/graphql.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BUCKET_MS: Readonly<Record<AuditBucket, number>> = { MINUTE, HOUR, DAY };

/** The service counts at most 400. */
const MOST_BARS = 400;
/** Fewer bars than this say little: then the next smaller ones are taken, if these are not too many. */
const FEW_BARS = 24;

/** What the chart shows: times in milliseconds, the end not included. */
export interface ChartSpan {
  readonly bucket: AuditBucket;
  readonly from: number;
  readonly to: number;
  /** The log is asked for more than one chart can show: these are its newest times. */
  readonly isCut: boolean;
}

/** What is shown where nobody chose a time, the longest first: a busy log is counted over a shorter one. */
export const DEFAULT_SPANS = [
  { bucket: 'DAY', length: 30 * DAY },
  { bucket: 'HOUR', length: 48 * HOUR },
  { bucket: 'MINUTE', length: HOUR },
] as const satisfies readonly { bucket: AuditBucket; length: number }[];

export function bucketMs(bucket: AuditBucket): number {
  return BUCKET_MS[bucket];
}

/** The time of the chart. `attempt`: how often a longer one had too many entries to be counted. */
export function chartSpan(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
  attempt = 0,
): ChartSpan {
  const end = to === undefined ? now : Date.parse(to);
  const wanted = DEFAULT_SPANS[Math.min(attempt, DEFAULT_SPANS.length - 1)] ?? DEFAULT_SPANS[0];
  if (from === undefined) {
    return { bucket: wanted.bucket, from: startOf(end - wanted.length, wanted.bucket), to: end, isCut: attempt > 0 };
  }
  const begin = Math.min(Date.parse(from), end);
  const shortened = attempt === 0 ? begin : Math.max(begin, end - wanted.length);
  const bucket = bucketFor(end - shortened);
  const earliest = startOf(end - (MOST_BARS - 1) * BUCKET_MS[bucket], bucket);
  const first = Math.max(shortened, earliest);
  return { bucket, from: first, to: end, isCut: first > begin };
}

function bucketFor(length: number): AuditBucket {
  if (length / HOUR < FEW_BARS && length / MINUTE <= MOST_BARS - 1) return 'MINUTE';
  if (length / DAY < FEW_BARS && length / HOUR <= MOST_BARS - 1) return 'HOUR';
  return 'DAY';
}

function startOf(time: number, bucket: AuditBucket): number {
  return Math.floor(time / BUCKET_MS[bucket]) * BUCKET_MS[bucket];
}

/** The times between two bars, both included: what a brush over them chooses. */
export function timesOfBars(first: number, last: number, bucket: AuditBucket): { from: string; to: string } {
  return {
    from: new Date(Math.min(first, last)).toISOString(),
    to: new Date(Math.max(first, last) + BUCKET_MS[bucket]).toISOString(),
  };
}
