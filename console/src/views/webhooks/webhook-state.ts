import type { ShownDeliveryFragment, ShownWebhookFragment } from '../../api/generated/graphql.ts';
import type { Status } from '../../components/statuses.ts';
import { type DELIVERIES, WEBHOOKS } from '../../texts/webhooks.ts';

export interface WebhookState {
  readonly status: Status;
  /** Disabled since then, or paused until then. */
  readonly at?: string;
}

/** @param now in milliseconds: a pause may have passed */
export function stateOf(
  { disabledAt, pausedUntil }: Pick<ShownWebhookFragment, 'disabledAt' | 'pausedUntil'>,
  now: number,
): WebhookState {
  const { enabled, disabled, paused } = WEBHOOKS.states;
  if (disabledAt !== null) return { status: { word: disabled, tone: 'danger', icon: 'cross' }, at: disabledAt };
  if (pausedUntil !== null && Date.parse(pausedUntil) > now) {
    return { status: { word: paused, tone: 'attention', icon: 'pause' }, at: pausedUntil };
  }
  return { status: { word: enabled, tone: 'ok', icon: 'ok' } };
}

/** Why a pending delivery is not sent, although its next attempt may be due. */
export type Hold = keyof typeof DELIVERIES.holds;

/** @param now in milliseconds */
export function holdOf(
  { state, webhook, kind }: Pick<ShownDeliveryFragment, 'state' | 'webhook' | 'kind'>,
  webhooks: readonly Pick<ShownWebhookFragment, 'name' | 'kinds' | 'disabledAt' | 'pausedUntil'>[],
  now: number,
): Hold | undefined {
  if (state !== 'PENDING') return undefined;
  const known = webhooks.find(({ name }) => name === webhook);
  if (known === undefined || known.kinds?.includes(kind) === false) return 'removed';
  if (known.disabledAt !== null) return 'disabled';
  return stateOf(known, now).at === undefined ? undefined : 'paused';
}
