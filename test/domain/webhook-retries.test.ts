import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ATTEMPTS, parseRetryAfter, pauseAfter, throttleMs } from '../../src/domain/webhook-retries.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.parse('2030-01-31T09:00:00.000Z');
const fraction = fc.double({ min: 0, max: 1, noNaN: true });

describe('the pauses between attempts', () => {
  it('are those of Standard Webhooks in the middle of their jitter: ten attempts over 75 hours', () => {
    const pauses = Array.from({ length: MAX_ATTEMPTS }, (_, index) => pauseAfter(index + 1, 0.5));
    const [second, minute, hour] = [1_000, 60_000, HOUR_MS];
    const expected = [5 * second, 5 * minute, 30 * minute, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * hour)];
    expect(pauses).toEqual([...expected, undefined]);
    expect(expected.reduce((sum, pause) => sum + pause) / hour).toBeCloseTo(75.58, 2);
  });

  it('differ by at most a tenth from that, whatever chance says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_ATTEMPTS - 1 }), fraction, (attempt, random) => {
        const middle = pauseAfter(attempt, 0.5) ?? Number.NaN;
        const pause = pauseAfter(attempt, random) ?? Number.NaN;
        expect(pause).toBeGreaterThanOrEqual(Math.floor(middle * 0.9));
        expect(pause).toBeLessThanOrEqual(Math.ceil(middle * 1.1));
      }),
    );
  });

  it('are never shorter than the receiver asked for, and there are no more of them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fraction,
        fc.integer({ min: 0, max: 24 * HOUR_MS }),
        (attempt, random, asked) => {
          const pause = pauseAfter(attempt, random, asked);
          if (attempt >= MAX_ATTEMPTS) expect(pause).toBeUndefined();
          else expect(pause).toBeGreaterThanOrEqual(asked);
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Thu, 31 Jan 2030 09:05:00 GMT', 300_000],
    // In the past.
    ['Thu, 31 Jan 2030 08:00:00 GMT', 0],
    // At most a day.
    ['999999', 24 * HOUR_MS],
    ['Fri, 31 Jan 2099 09:00:00 GMT', 24 * HOUR_MS],
  ])('%j means %j ms', (header, milliseconds) => {
    expect(parseRetryAfter(header, NOW)).toBe(milliseconds);
  });

  it.each([undefined, '', '-5', '1.5', 'soon', '1e9', '2030-01-31', '9'.repeat(400)])('%j means nothing', (header) => {
    expect(parseRetryAfter(header, NOW)).toBeUndefined();
  });

  it('never asks for less than nothing or more than a day', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const milliseconds = parseRetryAfter(header, NOW) ?? 0;
        expect(milliseconds).toBeGreaterThanOrEqual(0);
        expect(milliseconds).toBeLessThanOrEqual(24 * HOUR_MS);
      }),
    );
  });

  it('is a minute for an overloaded receiver that does not say', () => {
    expect([throttleMs(undefined), throttleMs(0), throttleMs(7_000)]).toEqual([60_000, 0, 7_000]);
  });
});
