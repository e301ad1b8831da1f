import type { RotationNoticeKind, ShownNoticeFragment } from '../../api/generated/graphql.ts';
import { calendarDays, formatDay, type Reader } from '../../components/format.ts';
import { NOTICES } from '../../texts/notices.ts';

/**
 * What was read and what came live, newest first, each once: a notice may come both ways. Those that came live are all that happened
 * since the list was read first, so together they have no gap.
 */
export function together(
  read: readonly ShownNoticeFragment[],
  live: readonly ShownNoticeFragment[],
): ShownNoticeFragment[] {
  const byCursor = new Map([...live.toReversed(), ...read].map((notice) => [notice.cursor, notice]));
  return [...byCursor.values()].sort((one, other) => Date.parse(other.occurredAt) - Date.parse(one.occurredAt));
}

type Settles = Readonly<Partial<Record<RotationNoticeKind, readonly RotationNoticeKind[]>>>;

/** A later notice of the same registry leaves nothing to do about these. */
const SETTLES: Settles = {
  ROTATED: ['AUTHENTICATION_FAILED', 'EXPIRING', 'EXPIRED', 'ROTATION_OVERDUE', 'NEEDS_CREDENTIAL', 'STAGED'],
  RECOVERED: ['AUTHENTICATION_FAILED'],
  EXPIRED: ['EXPIRING'],
  ABANDONED: ['STAGED'],
  DELETED: [
    'AUTHENTICATION_FAILED',
    'EXPIRING',
    'EXPIRED',
    'ROTATION_OVERDUE',
    'NEEDS_CREDENTIAL',
    'STAGED',
    'ROTATED',
    'RETIRED',
    'ABANDONED',
    'RECOVERED',
  ],
};

/** The cursors of those about which nothing is left to do. @param notices of all kinds, newest first */
export function settledAmong(notices: readonly ShownNoticeFragment[]): ReadonlySet<string> {
  const settled = new Set<string>();
  const settledKinds = new Map<string, Set<RotationNoticeKind>>();
  for (const { cursor, registryId, kind } of notices) {
    const kinds = settledKinds.get(registryId) ?? new Set();
    if (kinds.has(kind)) settled.add(cursor);
    for (const earlier of SETTLES[kind] ?? []) kinds.add(earlier);
    settledKinds.set(registryId, kinds);
  }
  return settled;
}

export interface NoticeDay {
  readonly title: string;
  readonly notices: readonly ShownNoticeFragment[];
}

/** By the reader's calendar. @param notices newest first */
export function byDay(notices: readonly ShownNoticeFragment[], now: Date, reader: Reader = {}): NoticeDay[] {
  const days = new Map<string, ShownNoticeFragment[]>();
  for (const notice of notices) {
    const title = dayOf(new Date(notice.occurredAt), now, reader);
    const day = days.get(title);
    if (day === undefined) days.set(title, [notice]);
    else day.push(notice);
  }
  return [...days].map(([title, ofDay]) => ({ title, notices: ofDay }));
}

function dayOf(time: Date, now: Date, reader: Reader): string {
  const days = calendarDays(time, now, reader);
  if (days === 0) return NOTICES.today;
  return days === 1 ? NOTICES.yesterday : formatDay(time, reader);
}

export interface NoticedRegistry {
  readonly id: string;
  readonly label: string;
}

/** Each once, by URL. */
export function registriesAmong(
  notices: readonly Pick<ShownNoticeFragment, 'registryId' | 'url'>[],
): NoticedRegistry[] {
  const byId = new Map(notices.map(({ registryId, url }) => [registryId, url]));
  return [...byId]
    .map(([id, label]) => ({ id, label }))
    .sort((one, other) => one.label.localeCompare(other.label, 'en'));
}
