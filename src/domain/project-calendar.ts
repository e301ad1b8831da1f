import { component, fileOf, textValue, timeValue } from './icalendar.ts';
import type { Instant } from './instant.ts';

/** Entries of one calendar: those that are due first. */
export const MAX_ENTRIES = 2_000;
const REFRESH = 'PT1H';
/** Days before, for clients that show alarms of calendars that they subscribe to. */
const ALARMS_BEFORE = ['P7D', 'P1D'] as const;

export type CalendarEntryKind = 'EXPIRY' | 'ROTATION';

/** A date of a registry's credential. */
export interface CalendarEntry {
  readonly kind: CalendarEntryKind;
  readonly registryId: string;
  readonly url: string;
  readonly name: string;
  readonly dueAt: Instant;
  /** The registry's revision, and when it got it. */
  readonly revision: number;
  readonly changedAt: Instant;
}

export interface ProjectCalendar {
  readonly feedId: string;
  readonly name: string;
  readonly projectId: string;
  readonly entries: readonly CalendarEntry[];
}

interface Wording {
  /** Part of the UID, so it never changes. */
  readonly id: string;
  readonly category: string;
  readonly summary: (name: string) => string;
  readonly advice: string;
}

const WORDINGS: Readonly<Record<CalendarEntryKind, Wording>> = {
  EXPIRY: {
    id: 'expiry',
    category: 'Expiry',
    summary: (name) => `The credential of ${name} expires`,
    advice: 'Pipelines cannot use the registry after this time. Make a new password at the registry, then rotate.',
  },
  ROTATION: {
    id: 'rotation',
    category: 'Rotation',
    summary: (name) => `Rotate the credential of ${name}`,
    advice:
      'The credential is then as old as the project wants it to be. Make a new password at the registry, then rotate.',
  },
};

/**
 * The project's dates as an iCalendar file (RFC 5545, RFC 7986). It depends on its argument alone, so equal state gives
 * equal bytes: no time of writing is in it.
 */
export function calendarFile({ feedId, name, projectId, entries }: ProjectCalendar): string {
  const about = `When credentials of the project ${projectId} expire or are due for rotation`;
  return fileOf(
    component('VCALENDAR', [
      'VERSION:2.0',
      'PRODID:-//Purser//Rotations and expiries//EN',
      'CALSCALE:GREGORIAN',
      `UID:${feedId}`,
      `NAME:${textValue(name)}`,
      `X-WR-CALNAME:${textValue(name)}`,
      `DESCRIPTION:${textValue(about)}`,
      `X-WR-CALDESC:${textValue(about)}`,
      `REFRESH-INTERVAL;VALUE=DURATION:${REFRESH}`,
      `X-PUBLISHED-TTL:${REFRESH}`,
      'COLOR:steelblue',
      ...(entries.length === 0 ? UTC : entries.flatMap((entry) => event(projectId, entry))),
    ]),
  );
}

/** A calendar must have a component; this one shows nothing. */
const UTC = component('VTIMEZONE', [
  'TZID:Etc/UTC',
  ...component('STANDARD', ['DTSTART:19700101T000000', 'TZOFFSETFROM:+0000', 'TZOFFSETTO:+0000']),
]);

function event(
  projectId: string,
  { kind, registryId, url, name, dueAt, revision, changedAt }: CalendarEntry,
): string[] {
  const { id, category, summary, advice } = WORDINGS[kind];
  const changed = timeValue(changedAt);
  const title = textValue(summary(name));
  const known = name === url ? url : `${name} (${url})`;
  return component('VEVENT', [
    // The same for all versions of the credential, so that the entry moves.
    `UID:${registryId}-${id}@purser`,
    `DTSTAMP:${changed}`,
    `LAST-MODIFIED:${changed}`,
    `SEQUENCE:${revision}`,
    `DTSTART:${timeValue(dueAt)}`,
    'DURATION:PT15M',
    `SUMMARY:${title}`,
    `DESCRIPTION:${textValue(`${known}\nProject: ${projectId}\nAt: ${dueAt}\n\n${advice}`)}`,
    `CATEGORIES:${category}`,
    // Nobody is busy then.
    'TRANSP:TRANSPARENT',
    'STATUS:CONFIRMED',
    ...ALARMS_BEFORE.flatMap((before) =>
      component('VALARM', ['ACTION:DISPLAY', `TRIGGER:-${before}`, `DESCRIPTION:${title}`]),
    ),
  ]);
}
