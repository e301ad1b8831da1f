import type { ShownWebhookFragment } from '../../api/generated/graphql.ts';
import type { Status } from '../../components/statuses.ts';
import { WEBHOOKS } from '../../texts/webhooks.ts';

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
