/** ISO 8601 in UTC with milliseconds, so that text order is time order. */
export type Instant = string;

const RFC_3339 =
  /^(?<date>\d{4}-\d{2}-\d{2})[Tt](?<time>\d{2}:\d{2}:\d{2})(?<fraction>\.\d{1,9})?(?<zone>[Zz]|[+-]\d{2}:\d{2})$/;
/** The last moment of a four-digit year. After it, text order would no longer be time order. */
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');
const EARLIEST = Date.parse('0001-01-01T00:00:00.000Z');

/** Undefined outside the years 1 to 9999. `time` is in milliseconds since 1970. */
export function instantAt(time: number): Instant | undefined {
  if (!(time >= EARLIEST && time <= LATEST)) return undefined;
  return new Date(time).toISOString();
}

/** Reads RFC 3339 and cuts it off to milliseconds. Undefined if the text is not a point in time. */
export function parseInstant(text: string): Instant | undefined {
  const parts = RFC_3339.exec(text)?.groups;
  return parts === undefined ? undefined : fromParts(parts);
}

function fromParts(parts: Record<string, string>): Instant | undefined {
  const { date = '', time = '', fraction = '', zone = '' } = parts;
  const local = Date.parse(`${date}T${time}Z`);
  // JavaScript turns 30 February into 2 March, and 24:00:00 into the next day.
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 19) !== `${date}T${time}`) return undefined;
  const offset = offsetMinutes(zone);
  if (offset === undefined) return undefined;
  return instantAt(local + Number(fraction.slice(1, 4).padEnd(3, '0')) - offset * 60_000);
}

function offsetMinutes(zone: string): number | undefined {
  if (zone.toUpperCase() === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4));
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (60 * hours + minutes);
}
