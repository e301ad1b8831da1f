import { badUserInput, notFound } from '../../domain/errors.ts';
import type { WebhookDeliveryReplayed } from '../../domain/events.ts';
import { accessStream, parseUuid } from '../../domain/identity.ts';
import { hears, type Webhook } from '../../domain/webhook.ts';
import type { EventWriter } from '../log/event-writer.ts';
import type { SharedNow } from '../ports/shared-clock.ts';
import type { DeliveryView, WebhookReplays } from '../ports/webhook-queue.ts';
import { callerMetadata, type RequestContext } from '../request-context.ts';

export interface ReplayWebhookDeliveryDeps {
  readonly writer: EventWriter;
  readonly replays: WebhookReplays;
  /** Those of the configuration. */
  readonly webhooks: readonly Webhook[];
  readonly sharedNow: SharedNow;
}

export function replayWebhookDeliveryUseCase({ writer, replays, webhooks, sharedNow }: ReplayWebhookDeliveryDeps) {
  return async (context: RequestContext, projectId: string, entered: string): Promise<DeliveryView> => {
    const id = parseUuid(entered);
    const delivery = id === undefined ? undefined : await replays.find(projectId, id);
    if (delivery === undefined) throw notFound('delivery');
    const { webhook, registryId, url, kind } = delivery;
    if (!webhooks.some((known) => known.name === webhook && hears(known, { projectId, kind }))) {
      throw badUserInput('id', `The webhook ${webhook} no longer hears of ${kind} in this project: ask the operator.`);
    }
    const event: WebhookDeliveryReplayed = {
      type: 'WebhookDeliveryReplayed',
      data: { deliveryId: delivery.id, webhook, registryId, url },
    };
    const metadata = callerMetadata(context, projectId);
    // First: what leaves the service again must be in the audit log.
    await writer.write({ stream: accessStream(projectId), expected: 'any', events: [event], metadata });
    const replayed = await replays.replay(projectId, delivery.id, new Date(await sharedNow()).toISOString());
    if (replayed === undefined) throw notFound('delivery');
    return replayed;
  };
}
