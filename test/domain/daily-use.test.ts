import { expect, it } from 'vitest';
import { dailyUses, lastDays } from '../../src/domain/daily-use.ts';

const LATE = Date.parse('2028-03-01T23:59:59.999Z');

it('counts back days in UTC from today', () => {
  expect(lastDays(1, LATE)).toEqual(['2028-03-01']);
  expect(lastDays(3, LATE)).toEqual(['2028-02-28', '2028-02-29', '2028-03-01']);
  expect(new Set(lastDays(90, LATE)).size).toBe(90);
});

it('shows zeros for days without uses, and leaves out days that were not asked for', () => {
  const used = [
    { day: '2028-02-27', issued: 9, failed: 9 },
    { day: '2028-02-29', issued: 4, failed: 1 },
  ];
  expect(dailyUses(lastDays(3, LATE), used)).toEqual([
    { startsAt: '2028-02-28T00:00:00.000Z', issued: 0, failed: 0 },
    { startsAt: '2028-02-29T00:00:00.000Z', issued: 4, failed: 1 },
    { startsAt: '2028-03-01T00:00:00.000Z', issued: 0, failed: 0 },
  ]);
});
