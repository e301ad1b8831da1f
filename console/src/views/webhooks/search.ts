import { known, oneOf, type RawSearch } from '../../app/search-params.ts';

const STATES = ['PENDING', 'DELIVERED', 'DEAD_LETTER'] as const;

export type WebhooksSearch = ReturnType<typeof webhooksSearch>;

export function webhooksSearch(raw: RawSearch) {
  return known({ state: oneOf(raw.state, STATES) });
}
