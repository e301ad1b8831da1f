import { flag, instant, known, oneOf, type RawSearch, someOf, text } from '../../app/search-params.ts';

const STATUSES = ['ACTIVE', 'EXPIRING', 'EXPIRED', 'FAILING', 'NEEDS_CREDENTIAL'] as const;
const ORDERS = ['URL', 'NAME', 'EXPIRES_AT', 'LAST_USED_AT', 'CREATED_AT', 'UPDATED_AT'] as const;
const DIRECTIONS = ['ASC', 'DESC'] as const;

export type RegistriesSearch = ReturnType<typeof registriesSearch>;

export function registriesSearch(raw: RawSearch) {
  return known({
    q: text(raw.q, 200),
    status: someOf(raw.status, STATUSES),
    provider: text(raw.provider, 40),
    neverTested: flag(raw.neverTested),
    overdue: flag(raw.overdue),
    expiresBefore: instant(raw.expiresBefore),
    unusedSince: instant(raw.unusedSince),
    order: oneOf(raw.order, ORDERS),
    direction: oneOf(raw.direction, DIRECTIONS),
  });
}
