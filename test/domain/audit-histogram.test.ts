import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HistogramBucket, histogram, histogramSpan, MAX_BUCKETS } from '../../src/domain/audit-histogram.ts';

const NOW = Date.parse('2026-03-01T12:34:56.789Z');
const NO_LIMITS = { from: undefined, to: undefined };

describe('the time of a histogram', () => {
  it.each<[HistogramBucket, number, string]>([
    ['MINUTE', 60, '2026-03-01T11:35:00.000Z'],
    ['HOUR', 48, '2026-02-27T13:00:00.000Z'],
    ['DAY', 30, '2026-01-31T00:00:00.000Z'],
  ])('ends now and has a usual length if it is not limited: %s', (bucket, length, first) => {
    const buckets = histogram(histogramSpan(bucket, NO_LIMITS, NOW), []);
    expect([buckets.length, buckets[0]?.start]).toEqual([length, first]);
  });

  it('has at most 400 buckets', () => {
    const from = (ms: number) => ({ from: new Date(NOW - ms).toISOString(), to: new Date(NOW).toISOString() });
    const minutes = (count: number) => histogramSpan('MINUTE', from(count * 60_000), NOW);
    // The first and the last are parts of a minute.
    expect(histogram(minutes(MAX_BUCKETS - 1), [])).toHaveLength(MAX_BUCKETS);
    expect(() => minutes(MAX_BUCKETS)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: { field: 'filter.from' } }),
    );
    expect(() => histogramSpan('MINUTE', { from: '0001-01-01T00:00:00.000Z', to: undefined }, NOW)).toThrow();
  });

  it('is empty if it ends before it begins', () => {
    const limits = { from: '2026-03-02T00:00:00.000Z', to: '2026-03-01T00:00:00.000Z' };
    expect(histogram(histogramSpan('DAY', limits, NOW), [])).toEqual([]);
  });

  it('is covered by equal buckets without gaps, whatever its limits are', () => {
    const instant = fc
      .date({ min: new Date(0), max: new Date(NOW), noInvalidDate: true })
      .map((at) => at.toISOString());
    const bucket = fc.constantFrom<HistogramBucket>('MINUTE', 'HOUR', 'DAY');
    fc.assert(
      fc.property(instant, fc.nat(300 * 60_000), bucket, (from, length, size) => {
        const to = new Date(Date.parse(from) + length).toISOString();
        const span = histogramSpan(size, { from, to }, NOW);
        const starts = histogram(span, []).map(({ start }) => Date.parse(start));
        for (const [index, start] of starts.entries()) expect(start - (starts[0] ?? 0)).toBe(index * span.bucketMs);
        if (length === 0) return;
        expect(starts[0]).toBeLessThanOrEqual(Date.parse(from));
        expect(starts.at(-1)).toBeLessThan(Date.parse(to));
        expect((starts.at(-1) ?? 0) + span.bucketMs).toBeGreaterThanOrEqual(Date.parse(to));
      }),
    );
  });
});

it('shows counts in their buckets, up to the largest number that an answer can hold', () => {
  const span = histogramSpan('HOUR', { from: '2026-03-01T10:30:00.000Z', to: '2026-03-01T12:00:00.000Z' }, NOW);
  const start = Date.parse('2026-03-01T11:00:00.000Z');
  const counts = [
    { start, outcome: 'DENIED', count: 3 },
    { start, outcome: 'SUCCEEDED', count: 2 ** 40 },
  ] as const;
  expect(histogram(span, counts)).toEqual([
    { start: '2026-03-01T10:00:00.000Z', succeeded: 0, denied: 0, failed: 0 },
    { start: '2026-03-01T11:00:00.000Z', succeeded: 2 ** 31 - 1, denied: 3, failed: 0 },
  ]);
});
