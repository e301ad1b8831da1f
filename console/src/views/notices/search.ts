import { known, type RawSearch, someOf, text } from '../../app/search-params.ts';

export const NOTICE_KINDS = [
  'AUTHENTICATION_FAILED',
  'RECOVERED',
  'EXPIRING',
  'EXPIRED',
  'ROTATION_OVERDUE',
  'NEEDS_CREDENTIAL',
  'STAGED',
  'ROTATED',
  'RETIRED',
  'ABANDONED',
  'DELETED',
] as const;

export type NoticesSearch = ReturnType<typeof noticesSearch>;

export function noticesSearch(raw: RawSearch) {
  return known({ kind: someOf(raw.kind, NOTICE_KINDS), registry: text(raw.registry, 64) });
}
