import fc from 'fast-check';
import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';
import { type CalendarEntry, calendarFile } from '../../src/domain/project-calendar.ts';

const HOSTILE = [
  'a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:forged',
  'semi;colon,comma\\backslash\\n',
  '\u0000\u0007\u007f\t\u000b',
  '\ud800 alone',
  '"quoted";X-P=1:value',
  `${'𝕏'.repeat(60)}é`,
  'ünïcödé '.repeat(20),
  '\u2028\u2029\u0085',
  ' leading and trailing ',
];
const anyText = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.stringMatching(/^[\\;,:\r\n\t "=a]{0,120}$/),
);
const anyInstant = fc
  .date({ min: new Date('1000-01-01T00:00:00.000Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
const anyEntry: fc.Arbitrary<CalendarEntry> = fc.record({
  kind: fc.constantFrom('EXPIRY', 'ROTATION'),
  registryId: fc.uuid(),
  url: anyText,
  name: anyText,
  dueAt: anyInstant,
  revision: fc.nat(),
  changedAt: anyInstant,
});
const anyCalendar = fc.record({
  feedId: fc.uuid(),
  name: anyText,
  projectId: anyText,
  entries: fc.array(anyEntry, { maxLength: 5 }),
});

/** What a reader is to see of a text: without what the format cannot hold, and with one kind of line break. */
function shown(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are replaced
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\p{Cs}]/gu, '\ufffd')
      .replace(/\r\n|\r/g, '\n')
  );
}

/** The parser does not know NAME, which came with RFC 7986, and leaves its value as it stands in the file. */
function unescaped(value: string): string {
  return value.replace(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
}

function parsed(file: string): ICAL.Component {
  return new ICAL.Component(ICAL.parse(file));
}

describe('the iCalendar file, whatever registries and projects are called', () => {
  it('has lines of at most 75 octets that end with CRLF, and is UTF-8', () => {
    fc.assert(
      fc.property(anyCalendar, (calendar) => {
        const bytes = Buffer.from(calendarFile(calendar));
        const lines = bytes.toString('latin1').split('\r\n');
        expect(lines.pop()).toBe('');
        expect(lines.filter((line) => line.length > 75 || /[\r\n]/.test(line))).toEqual([]);
        // A character that was cut by a fold would be none in its line.
        const decoder = new TextDecoder('utf-8', { fatal: true });
        for (const line of lines) decoder.decode(Buffer.from(line, 'latin1'));
      }),
    );
  });

  it('gives a parser that is not ours the same texts and the same components', () => {
    fc.assert(
      fc.property(anyCalendar, (calendar) => {
        const read = parsed(calendarFile(calendar));
        expect(unescaped(String(read.getFirstPropertyValue('name')))).toBe(shown(calendar.name));
        expect(read.getFirstPropertyValue('description')).toContain(shown(calendar.projectId));
        const events = read.getAllSubcomponents('vevent');
        expect(events).toHaveLength(calendar.entries.length);
        for (const [index, event] of events.entries()) {
          const { registryId, kind, name, url, dueAt, revision } = calendar.entries[index] as CalendarEntry;
          expect(event.getFirstPropertyValue('uid')).toBe(`${registryId}-${kind.toLowerCase()}@purser`);
          expect(event.getFirstPropertyValue('sequence')).toBe(revision);
          expect(event.getFirstPropertyValue('summary')).toContain(shown(name));
          expect(event.getFirstPropertyValue('description')).toContain(shown(url));
          expect(String(event.getFirstPropertyValue('dtstart'))).toBe(`${dueAt.slice(0, 19)}Z`);
          expect(event.getAllSubcomponents('valarm')).toHaveLength(2);
        }
      }),
    );
  });
});

describe('a calendar', () => {
  const entry: CalendarEntry = {
    kind: 'EXPIRY',
    registryId: '0d9b5f6e-4a3f-5b52-9a52-3b8f0c5a7d10',
    url: 'ghcr.io',
    name: 'Images, ours',
    dueAt: '2026-12-01T12:30:15.999Z',
    revision: 4,
    changedAt: '2026-03-01T08:00:00.000Z',
  };
  const calendar = { feedId: 'feed', name: 'Platform; team', projectId: 'demo', entries: [entry] };

  it('is this text, byte for byte', () => {
    expect(calendarFile(calendar)).toMatchInlineSnapshot(`
      "BEGIN:VCALENDAR
      VERSION:2.0
      PRODID:-//Purser//Rotations and expiries//EN
      CALSCALE:GREGORIAN
      UID:feed
      NAME:Platform\\; team
      X-WR-CALNAME:Platform\\; team
      DESCRIPTION:When credentials of the project demo expire or are due for rota
       tion
      X-WR-CALDESC:When credentials of the project demo expire or are due for rot
       ation
      REFRESH-INTERVAL;VALUE=DURATION:PT1H
      X-PUBLISHED-TTL:PT1H
      COLOR:steelblue
      BEGIN:VEVENT
      UID:0d9b5f6e-4a3f-5b52-9a52-3b8f0c5a7d10-expiry@purser
      DTSTAMP:20260301T080000Z
      LAST-MODIFIED:20260301T080000Z
      SEQUENCE:4
      DTSTART:20261201T123015Z
      DURATION:PT15M
      SUMMARY:The credential of Images\\, ours expires
      DESCRIPTION:Images\\, ours (ghcr.io)\\nProject: demo\\nAt: 2026-12-01T12:30:15
       .999Z\\n\\nPipelines cannot use the registry after this time. Make a new pas
       sword at the registry\\, then rotate.
      CATEGORIES:Expiry
      TRANSP:TRANSPARENT
      STATUS:CONFIRMED
      BEGIN:VALARM
      ACTION:DISPLAY
      TRIGGER:-P7D
      DESCRIPTION:The credential of Images\\, ours expires
      END:VALARM
      BEGIN:VALARM
      ACTION:DISPLAY
      TRIGGER:-P1D
      DESCRIPTION:The credential of Images\\, ours expires
      END:VALARM
      END:VEVENT
      END:VCALENDAR
      "
    `);
  });

  it('has a component even if it has no dates', () => {
    const read = parsed(calendarFile({ ...calendar, entries: [] }));
    expect(read.getAllSubcomponents().map(({ name }) => name)).toEqual(['vtimezone']);
  });

  it('keeps the UID of an entry that moves, and raises what tells that it changed', () => {
    const moved = { ...entry, dueAt: '2027-12-01T12:30:15.999Z', revision: 5, changedAt: '2026-04-01T08:00:00.000Z' };
    const [before, after] = [entry, moved].map((each) =>
      parsed(calendarFile({ ...calendar, entries: [each] })).getFirstSubcomponent('vevent'),
    );
    const values = (name: string) => [before, after].map((each) => String(each?.getFirstPropertyValue(name)));
    expect(new Set(values('uid')).size).toBe(1);
    expect(values('sequence')).toEqual(['4', '5']);
    expect(values('dtstamp')).toEqual(['2026-03-01T08:00:00Z', '2026-04-01T08:00:00Z']);
    expect(values('last-modified')).toEqual(values('dtstamp'));
  });
});
