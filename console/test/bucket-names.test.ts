import { describe, expect, it } from 'vitest';
import { nameOfBucket, shortNameOfBucket } from '../src/components/charts/bucket-names.ts';

const WEST = { locale: 'en-GB', timeZone: 'America/New_York' };

describe('the names of bars', () => {
  it('are days of UTC, as the service counts them', () => {
    expect(shortNameOfBucket('2026-11-26T00:00:00Z', 'DAY', WEST)).toBe('26 Nov');
    expect(nameOfBucket('2026-11-26T00:00:00Z', 'DAY', WEST)).toBe('26 Nov 2026');
  });

  it('are times by the clock of the reader', () => {
    expect(shortNameOfBucket('2026-11-26T15:00:00Z', 'HOUR', WEST)).toBe('10:00');
    expect(nameOfBucket('2026-11-26T15:01:00Z', 'MINUTE', WEST)).toBe('26 Nov 2026, 10:01');
  });
});
