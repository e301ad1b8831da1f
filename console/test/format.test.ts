import { describe, expect, it } from 'vitest';
import {
  calendarDays,
  formatDay,
  formatDuration,
  formatFullTime,
  formatRelative,
  formatTime,
  formatTotal,
  isoDuration,
  localeOf,
  plural,
  relativeLastsFor,
} from '../src/components/format.ts';

const at = (text: string) => new Date(text);
const berlin = { locale: 'en-GB', timeZone: 'Europe/Berlin' };

describe('a moment', () => {
  it.each([
    ['Europe/Berlin', '1 Jan 2027, 00:30'],
    ['America/New_York', '31 Dec 2026, 18:30'],
    ['Asia/Kolkata', '1 Jan 2027, 05:00'],
    ['Pacific/Kiritimati', '1 Jan 2027, 13:30'],
  ])('is shown as it is in %s', (timeZone, shown) => {
    expect(formatTime(at('2026-12-31T23:30:00Z'), { locale: 'en-GB', timeZone })).toBe(shown);
  });

  it('is shown by the clock of its own side of a change to summer time', () => {
    expect(formatTime(at('2026-03-29T00:59:00Z'), berlin)).toBe('29 Mar 2026, 01:59');
    expect(formatTime(at('2026-03-29T01:00:00Z'), berlin)).toBe('29 Mar 2026, 03:00');
  });

  it('has its zone in full, also in the hour that comes twice', () => {
    expect(formatFullTime(at('2026-10-25T00:30:00Z'), berlin)).toBe('Sunday, 25 October 2026 at 02:30:00 CEST');
    expect(formatFullTime(at('2026-10-25T01:30:00Z'), berlin)).toBe('Sunday, 25 October 2026 at 02:30:00 CET');
  });

  it('is read in the English of the reader, and never in another language', () => {
    expect(localeOf(['de-DE', 'en-US', 'en-GB'])).toBe('en-US');
    expect(localeOf(['de-DE', 'enx'])).toBe('en-GB');
    expect(formatDay(at('2026-11-26T12:00:00Z'), { locale: 'en-US', timeZone: 'UTC' })).toBe('Nov 26, 2026');
  });
});

describe('the distance of a moment', () => {
  const now = at('2026-11-26T15:00:00Z');
  const from = (milliseconds: number) => new Date(now.getTime() + milliseconds);
  const HOUR = 3_600_000;

  it.each([
    [0, 'just now'],
    [-30_000, 'just now'],
    [30_000, 'in a moment'],
    [5 * 60_000, 'in 5 minutes'],
    [-59.4 * 60_000, '59 minutes ago'],
    [-59.6 * 60_000, '1 hour ago'],
    [23.4 * HOUR, 'in 23 hours'],
    [24 * HOUR, 'tomorrow'],
    [-24 * HOUR, 'yesterday'],
    [30 * 24 * HOUR, 'in 30 days'],
    [90 * 24 * HOUR, 'in 3 months'],
    [-3 * 365.25 * 24 * HOUR, '3 years ago'],
  ])('%d ms is "%s"', (milliseconds, said) => {
    expect(formatRelative(from(milliseconds), now, { timeZone: 'UTC' })).toBe(said);
  });

  it('counts days of the calendar where the reader is', () => {
    const late = at('2026-11-28T23:30:00Z');
    expect(formatRelative(late, now, { timeZone: 'UTC' })).toBe('in 2 days');
    expect(formatRelative(late, now, berlin)).toBe('in 3 days');
  });

  it.each([
    ['spring', '2026-03-28T22:30:00Z', '2026-03-29T21:30:00Z'],
    ['autumn', '2026-10-24T21:30:00Z', '2026-10-25T22:30:00Z'],
  ])('is one day over the change of the clock in %s, though it is 23 or 25 hours', (_season, before, after) => {
    expect(calendarDays(at(before), at(after), berlin)).toBe(1);
  });

  it('is looked at again the sooner, the nearer it is', () => {
    expect(relativeLastsFor(from(60_000), now)).toBe(15_000);
    expect(relativeLastsFor(from(5 * HOUR), now)).toBe(60_000);
    expect(relativeLastsFor(from(50 * HOUR), now)).toBe(600_000);
  });
});

it.each([
  [0, '0 s'],
  [0.0004, '1 ms'],
  [0.25, '250 ms'],
  [0.9999, '1 s'],
  [45, '45 s'],
  [3599.6, '1 h'],
  [5400, '1 h 30 min'],
  [273_600, '3 d 4 h'],
  [86_430, '1 d'],
])('%d seconds last "%s"', (seconds, shown) => {
  expect(formatDuration(seconds)).toBe(shown);
  expect(isoDuration(5400)).toBe('PT5400S');
});

it('counts have their plural, and totals say when they were not counted to the end', () => {
  expect(plural(1, 'registry', 'registries')).toBe('1 registry');
  expect(plural(0, 'lease')).toBe('0 leases');
  expect(plural(1200, 'lease')).toBe('1,200 leases');
  expect(formatTotal(10_000, false)).toBe('at least 10,000');
  expect(formatTotal(9_999)).toBe('9,999');
});
