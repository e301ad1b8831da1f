const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Where and how the reader reads; tests name it, the console takes the browser's. */
export interface Reader {
  readonly locale?: string;
  /** An IANA name, such as `Europe/Berlin`. */
  readonly timeZone?: string;
}

/** All texts are English: dates in another language between them would read badly, so only the kind of English is the reader's. */
export function localeOf(preferred: readonly string[]): string {
  return preferred.find((locale) => /^en\b/i.test(locale)) ?? 'en-GB';
}

export const readerLocale = localeOf(typeof navigator === 'undefined' ? [] : navigator.languages);
const formats = new Map<string, Intl.DateTimeFormat>();

// Making a format takes longer than using it a hundred times.
function format(time: Date, options: Intl.DateTimeFormatOptions, { locale = readerLocale, timeZone }: Reader): string {
  const all = { ...options, ...(timeZone !== undefined && { timeZone }) };
  const key = JSON.stringify([locale, all]);
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, all);
  formats.set(key, known);
  return known.format(time);
}

/** "26 Nov 2026" */
export function formatDay(time: Date, reader: Reader = {}): string {
  return format(time, { day: 'numeric', month: 'short', year: 'numeric' }, reader);
}

/** "26 Nov", for an axis whose year is plain. */
export function formatShortDay(time: Date, reader: Reader = {}): string {
  return format(time, { day: 'numeric', month: 'short' }, reader);
}

/** "26 Nov 2026, 15:22" */
export function formatTime(time: Date, reader: Reader = {}): string {
  const options: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit' };
  return format(time, { ...options, minute: '2-digit' }, reader);
}

/** "15:22" */
export function formatClock(time: Date, reader: Reader = {}): string {
  return format(time, { hour: '2-digit', minute: '2-digit' }, reader);
}

/** All of it, with seconds and the zone: "Thursday, 26 November 2026 at 15:22:07 CET". */
export function formatFullTime(time: Date, reader: Reader = {}): string {
  return format(time, { dateStyle: 'full', timeStyle: 'long' }, reader);
}

/** Days between two times by the reader's calendar: 23:59 to 00:01 is one, whatever daylight saving does in between. */
export function calendarDays(from: Date, to: Date, reader: Reader = {}): number {
  const numeric: Intl.DateTimeFormatOptions = { year: 'numeric', month: '2-digit', day: '2-digit' };
  const dayNumber = (time: Date) => {
    const [year = '', month = '', day = ''] = format(time, numeric, { ...reader, locale: 'en-CA' }).split('-');
    return Date.UTC(Number(year), Number(month) - 1, Number(day)) / (DAY * 1000);
  };
  return dayNumber(to) - dayNumber(from);
}

const relativeFormat = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** "in 3 days", "5 minutes ago". From a day on it counts days of the reader's calendar. */
export function formatRelative(time: Date, now: Date, reader: Reader = {}): string {
  const seconds = (time.getTime() - now.getTime()) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 45) return seconds > 5 ? 'in a moment' : 'just now';
  // Never "in 60 minutes": each unit ends before it rounds up to the next.
  if (distance < 59.5 * MINUTE) return relativeFormat.format(Math.round(seconds / MINUTE), 'minute');
  if (distance < 23.5 * HOUR) return relativeFormat.format(Math.round(seconds / HOUR), 'hour');
  const days = calendarDays(now, time, reader);
  if (Math.abs(days) < 60) return relativeFormat.format(days, 'day');
  const months = Math.round(days / 30.44);
  if (Math.abs(months) < 24) return relativeFormat.format(months, 'month');
  return relativeFormat.format(Math.round(days / 365.25), 'year');
}

/** How long until `formatRelative` may say something else, in milliseconds. */
export function relativeLastsFor(time: Date, now: Date): number {
  const distance = Math.abs(time.getTime() - now.getTime()) / 1000;
  if (distance < HOUR) return 15_000;
  return distance < DAY ? 60_000 : 10 * 60_000;
}

const UNITS = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'min'],
  [1, 's'],
] as const;

/** A length of time in its two largest units: "1 h 30 min", "3 d 4 h", "45 s"; under a second in ms. */
export function formatDuration(seconds: number): string {
  if (seconds > 0 && seconds < 0.9995) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  const whole = Math.round(seconds);
  const first = UNITS.findIndex(([size]) => whole >= size);
  if (first === -1) return '0 s';
  const parts: string[] = [];
  let rest = whole;
  for (const [size, unit] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(' ');
}

/** The same for `datetime` of a `time` element: `PT5400S`. */
export function isoDuration(seconds: number): string {
  return `PT${Math.round(seconds)}S`;
}

const countFormat = new Intl.NumberFormat('en');
const shortCountFormat = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** "12,345" */
export function formatCount(count: number): string {
  return countFormat.format(count);
}

/** "12.3K", where there is no room. */
export function formatShortCount(count: number): string {
  return shortCountFormat.format(count);
}

/** "12,345", or "at least 10,000" of a total that the service did not count to its end. */
export function formatTotal(count: number, isExact = true): string {
  return isExact ? formatCount(count) : `at least ${formatCount(count)}`;
}

const pluralRules = new Intl.PluralRules('en');

/** "1 registry", "2 registries", "1,200 leases": the plural is `one` with an s unless it is given. */
export function plural(count: number, one: string, other = `${one}s`): string {
  return `${formatCount(count)} ${pluralRules.select(count) === 'one' ? one : other}`;
}

const BYTES = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

/** "640 bytes", "12.3 MB": in powers of 1,000, as download lists have them. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1000 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${BYTES[power]}`;
}
