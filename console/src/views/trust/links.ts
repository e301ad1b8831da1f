import { type RawSearch, stringifySearch } from '../../app/search-params.ts';

export function trustHref(projectId: string, below = '', search: RawSearch = {}): string {
  return `/projects/${encodeURIComponent(projectId)}/trust${below === '' ? '' : `/${below}`}${stringifySearch(search)}`;
}
