import { describe, expect, it } from 'vitest';
import { bucketMs, chartSpan, timesOfBars } from '../../src/views/audit/range.ts';

const NOW = Date.parse('2026-03-31T12:34:56Z');
const MOST_BARS = 400;
const ago = (hours: number) => new Date(NOW - hours * 3_600_000).toISOString();

describe('the time of the chart', () => {
  it.each([
    ['an hour', 1, 'MINUTE'],
    ['six hours', 6, 'MINUTE'],
    ['seven hours', 7, 'HOUR'],
    ['two days', 48, 'HOUR'],
    ['sixteen days', 16 * 24, 'HOUR'],
    ['thirty days', 30 * 24, 'DAY'],
    ['a year', 365 * 24, 'DAY'],
  ] as const)('of %s has bars of a size that says something', (_name, hours, bucket) => {
    const span = chartSpan({ from: ago(hours) }, NOW);
    expect(span).toMatchObject({ bucket, from: NOW - hours * 3_600_000, to: NOW, isCut: false });
    expect((span.to - span.from) / bucketMs(bucket)).toBeLessThan(MOST_BARS);
  });

  it.each([0, 1, 10, 100, 1_000, 10_000, 100_000])(
    'of %s hours never has more bars than the service counts',
    (hours) => {
      for (const attempt of [0, 1, 2]) {
        const { bucket, from, to } = chartSpan({ from: ago(hours) }, NOW, attempt);
        const bars = Math.ceil(to / bucketMs(bucket)) - Math.floor(from / bucketMs(bucket));
        expect(bars).toBeLessThanOrEqual(MOST_BARS);
      }
    },
  );

  it('is thirty days where nobody chose one, and shorter where the log is too busy', () => {
    expect(chartSpan({}, NOW)).toMatchObject({ bucket: 'DAY', isCut: false });
    expect(chartSpan({}, NOW, 1)).toMatchObject({ bucket: 'HOUR', isCut: true });
    expect(chartSpan({}, NOW, 2)).toMatchObject({ bucket: 'MINUTE', isCut: true });
    const to = '2026-01-01T00:00:00.000Z';
    expect(chartSpan({ to }, NOW)).toMatchObject({ bucket: 'DAY', to: Date.parse(to) });
  });

  it('says when it leaves out the beginning', () => {
    expect(chartSpan({ from: ago(1_000 * 24) }, NOW)).toMatchObject({ bucket: 'DAY', isCut: true });
  });

  it('becomes what is chosen over the bars, the last one included', () => {
    const [one, other] = [Date.parse('2026-03-01T09:00:00Z'), Date.parse('2026-03-01T11:00:00Z')];
    const chosen = { from: '2026-03-01T09:00:00.000Z', to: '2026-03-01T12:00:00.000Z' };
    expect(timesOfBars(one, other, 'HOUR')).toEqual(chosen);
    expect(timesOfBars(other, one, 'HOUR')).toEqual(chosen);
  });
});
