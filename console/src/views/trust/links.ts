import { projectHref } from '../../app/links.ts';
import type { RawSearch } from '../../app/search-params.ts';

export function trustHref(projectId: string, below = '', search: RawSearch = {}): string {
  return projectHref(projectId, below === '' ? 'trust' : `trust/${below}`, search);
}
