import { formatClock, formatDay, formatShortDay, formatTime, type Reader } from '../format.ts';

export type BucketSize = 'DAY' | 'HOUR' | 'MINUTE';

/** The service counts days of UTC: by the clock of readers to the west, each of them begins on the day before. */
const UTC: Reader = { timeZone: 'UTC' };

/** Under its bar. @param at when it begins, as the API gives it */
export function shortNameOfBucket(at: string, size: BucketSize, reader: Reader = {}): string {
  const start = new Date(at);
  return size === 'DAY' ? formatShortDay(start, { ...reader, ...UTC }) : formatClock(start, reader);
}

/** For screen readers, the table and the pointer. */
export function nameOfBucket(at: string, size: BucketSize, reader: Reader = {}): string {
  const start = new Date(at);
  return size === 'DAY' ? formatDay(start, { ...reader, ...UTC }) : formatTime(start, reader);
}
