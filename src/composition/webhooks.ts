import type { Logger } from 'pino';
import { createConnection } from '../adapters/postgres/connection.ts';
import type { StatementObserver } from '../adapters/postgres/observed-statements.ts';
import { createSharedClock } from '../adapters/postgres/shared-clock.ts';
import { createWebhookQueue } from '../adapters/postgres/webhooks/webhook-queue.ts';
import { parseWebhooks } from '../adapters/webhooks/webhook-config.ts';
import { createWebhookSender } from '../application/notices/webhook-sender.ts';
import { startWebhookWorker } from '../application/notices/webhook-worker.ts';
import type { Egress } from '../application/ports/egress.ts';
import type { EventAuthenticator } from '../application/ports/event-authenticator.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { Config } from '../config/config.ts';
import type { Webhook } from '../domain/webhook.ts';
import { createCursors } from '../graphql/paging/cursors.ts';
import type { Lifecycle } from './lifecycle.ts';

/** Those of the configuration. @throws WebhookConfigurationError */
export function configuredWebhooks({ webhooks, plainHttpHosts }: Config): readonly Webhook[] {
  return webhooks === undefined ? [] : parseWebhooks(webhooks, plainHttpHosts);
}

export interface WebhooksDeps {
  readonly webhooks: readonly Webhook[];
  readonly connectionString: string;
  readonly egress: Egress;
  readonly authenticator: EventAuthenticator;
  readonly cursorKey: Uint8Array;
  readonly metrics: Metrics;
  readonly leading: () => boolean;
  readonly logger: Logger;
  readonly statements: StatementObserver;
  readonly onFault: (error: unknown) => void;
}

/** From here on the leading replica sends notices to webhooks. */
export function startWebhooks(deps: WebhooksDeps, lifecycle: Lifecycle): void {
  const {
    webhooks,
    connectionString,
    egress,
    authenticator,
    cursorKey,
    metrics,
    leading,
    logger,
    statements,
    onFault,
  } = deps;
  const connection = createConnection({
    connectionString,
    name: 'purser webhooks',
    pipeline: true,
    logger,
    statements,
  });
  lifecycle.onClose(() => connection.close());
  const queue = createWebhookQueue(connection);
  // Leaders change, and their clocks differ: what is due, and when a claim is lost, is the database's to say.
  const sharedNow = createSharedClock(connection);
  const cursors = createCursors(cursorKey);
  const sender = createWebhookSender({
    queue,
    webhooks,
    egress,
    authenticator,
    cursorOf: (projectId, sequence) => cursors.encode({ of: 'notices', projectId }, String(sequence)),
    metrics,
    onDisabled: (webhook) =>
      logger.warn(
        { webhook },
        'a webhook is disabled: its receiver answered 410. Change its URL or secret in WEBHOOKS',
      ),
    onFault,
    sharedNow,
  });
  const worker = startWebhookWorker({ queue, sender, webhooks, leading, sharedNow, onFault });
  lifecycle.onClose(() => worker.stop());
  metrics.measureWebhooks(() => worker.depth);
}
