import type { RegistriesPageQueryVariables, RegistryFilter, RegistryOrder } from '../../api/generated/graphql.ts';
import { CREDENTIAL_STATUSES } from '../../components/statuses.ts';
import { PROVIDERS } from '../../texts/providers.ts';
import { REGISTRIES } from '../../texts/registries.ts';
import type { RegistriesSearch } from './search.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** What stands in the address, and narrows the list. */
export const FILTER_NAMES = [
  'q',
  'status',
  'provider',
  'expiresInDays',
  'unusedDays',
  'overdue',
  'neverTested',
] as const satisfies readonly (keyof RegistriesSearch)[];

export type FilterName = (typeof FILTER_NAMES)[number];

export const DEFAULT_ORDER: RegistryOrder = { field: 'NAME', direction: 'ASC' };

/** `now` is taken to the minute: the variables, by which answers are cached, stay the same meanwhile. */
export function variablesOf(
  projectId: string,
  search: RegistriesSearch,
  now: number,
): Omit<RegistriesPageQueryVariables, 'after'> {
  const minute = Math.floor(now / MINUTE) * MINUTE;
  const after = (days: number) => new Date(minute + days * DAY).toISOString();
  const filter: RegistryFilter = {
    ...(search.q !== undefined && { search: search.q }),
    ...(search.status !== undefined && { statuses: search.status }),
    ...(search.provider !== undefined && { provider: search.provider }),
    ...(search.expiresInDays !== undefined && { expiresBefore: after(search.expiresInDays) }),
    ...(search.unusedDays !== undefined && { unusedSince: after(-search.unusedDays) }),
    ...(search.overdue && { rotationDueBefore: after(0) }),
    ...(search.neverTested && { neverTested: true }),
  };
  return {
    projectId,
    orderBy: orderOf(search),
    ...(Object.keys(filter).length > 0 && { filter }),
  };
}

export function orderOf({ order, direction }: RegistriesSearch): RegistryOrder {
  return { field: order ?? DEFAULT_ORDER.field, direction: direction ?? DEFAULT_ORDER.direction };
}

export function isNarrowed(search: RegistriesSearch): boolean {
  return FILTER_NAMES.some((name) => search[name] !== undefined);
}

export interface FilterInForce {
  readonly id: FilterName;
  readonly label: string;
}

/** In words, in the order of FILTER_NAMES. */
export function filtersInForce(search: RegistriesSearch): FilterInForce[] {
  return FILTER_NAMES.flatMap((id) => {
    const label = inWords(id, search);
    return label === undefined ? [] : [{ id, label }];
  });
}

function inWords(name: FilterName, search: RegistriesSearch): string | undefined {
  const { chips, filters } = REGISTRIES;
  switch (name) {
    case 'q':
      return search.q && chips.search(search.q);
    case 'status':
      return search.status && chips.status(search.status.map((one) => CREDENTIAL_STATUSES[one].word).join(', '));
    case 'provider':
      return search.provider && chips.provider(PROVIDERS[search.provider]);
    case 'expiresInDays':
      return search.expiresInDays === undefined ? undefined : chips.expires(search.expiresInDays);
    case 'unusedDays':
      return search.unusedDays === undefined ? undefined : chips.unused(search.unusedDays);
    case 'overdue':
      return search.overdue && filters.overdue;
    case 'neverTested':
      return search.neverTested && filters.neverTested;
  }
}

/** The address without these filters. The order stays. */
export function without(search: RegistriesSearch, names: readonly FilterName[]): RegistriesSearch {
  const left = Object.entries(search).filter(([name]) => !names.some((one) => one === name));
  return Object.fromEntries(left);
}
