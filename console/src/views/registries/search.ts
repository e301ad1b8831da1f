import { flag, known, oneOf, type RawSearch, someOf, text, wholeNumber } from '../../app/search-params.ts';

export const STATUSES = ['ACTIVE', 'EXPIRING', 'EXPIRED', 'FAILING', 'NEEDS_CREDENTIAL'] as const;
export const PROVIDERS = [
  'AMAZON_ECR',
  'AMAZON_ECR_PUBLIC',
  'ARTIFACTORY',
  'AZURE',
  'DIGITALOCEAN',
  'DOCKER_HUB',
  'FORGEJO',
  'GENERIC',
  'GITHUB',
  'GITLAB',
  'GOOGLE',
  'HARBOR',
  'QUAY',
  'SCALEWAY',
] as const;
export const ORDERS = ['NAME', 'URL', 'EXPIRES_AT', 'LAST_USED_AT', 'CREATED_AT', 'UPDATED_AT'] as const;
export const DIRECTIONS = ['ASC', 'DESC'] as const;

export type RegistriesSearch = ReturnType<typeof registriesSearch>;

/** Spans are in days, so that an address means the same tomorrow. */
export function registriesSearch(raw: RawSearch) {
  return known({
    q: text(raw.q, 200),
    status: someOf(raw.status, STATUSES),
    provider: oneOf(raw.provider, PROVIDERS),
    neverTested: flag(raw.neverTested),
    overdue: flag(raw.overdue),
    expiresInDays: wholeNumber(raw.expiresInDays, { from: 1, to: 3650 }),
    unusedDays: wholeNumber(raw.unusedDays, { from: 1, to: 3650 }),
    order: oneOf(raw.order, ORDERS),
    direction: oneOf(raw.direction, DIRECTIONS),
  });
}
