import { randomUUID } from 'node:crypto';
import type { DeliveryView, WebhookQueries } from '../../src/application/ports/webhook-queue.ts';

const NOW = '2030-01-31T09:00:00.000Z';

type Called = <Result>(name: string, answer: () => Result) => Promise<Result>;

/** The queries of webhooks for `ApplicationDouble`: one webhook, and as many deliveries as are asked for. */
export function webhooksDouble(called: Called): WebhookQueries {
  return {
    webhooks: () =>
      called('webhooks', () => [
        { name: 'chat', host: 'chat.example', kinds: null, disabledAt: null, pausedUntil: null },
      ]),
    deliveries: (_projectId, { before = 1_000, first }) =>
      called('webhookDeliveries', () => ({
        deliveries: Array.from({ length: first }, (_, index) => deliveryView(before - index - 1)),
        hasNextPage: true,
      })),
  };
}

export function deliveryView(sequence: number): DeliveryView {
  return {
    id: randomUUID(),
    sequence,
    webhook: 'chat',
    state: 'DELIVERED',
    eventId: randomUUID(),
    kind: 'ROTATED',
    registryId: randomUUID(),
    url: 'docker.io',
    occurredAt: NOW,
    createdAt: NOW,
    attempts: 1,
    lastAttemptAt: NOW,
    lastFault: null,
    lastStatusClass: 2,
    nextAttemptAt: null,
    endedAt: NOW,
  };
}
