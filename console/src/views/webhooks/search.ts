import { known, oneOf, type RawSearch, text } from '../../app/search-params.ts';

export const DELIVERY_STATES = ['PENDING', 'DELIVERED', 'DEAD_LETTER'] as const;

export type WebhooksSearch = ReturnType<typeof webhooksSearch>;

export function webhooksSearch(raw: RawSearch) {
  return known({
    state: oneOf(raw.state, DELIVERY_STATES),
    webhook: text(raw.webhook, 63),
    /** The id of the delivery that is opened. */
    delivery: text(raw.delivery, 64),
  });
}
