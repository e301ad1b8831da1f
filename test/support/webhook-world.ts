import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach } from 'vitest';
import { parseAllowList } from '../../src/adapters/egress/allow-list.ts';
import { createEgress } from '../../src/adapters/egress/egress.ts';
import { SILENT } from '../../src/adapters/postgres/logger.ts';
import { createReadConnections } from '../../src/adapters/postgres/read-connections.ts';
import { createNoticeOutbox } from '../../src/adapters/postgres/read-models/notice-outbox.ts';
import { createWebhookQueries } from '../../src/adapters/postgres/webhooks/webhook-queries.ts';
import { createWebhookQueue } from '../../src/adapters/postgres/webhooks/webhook-queue.ts';
import { parseWebhooks } from '../../src/adapters/webhooks/webhook-config.ts';
import {
  createWebhookSender,
  type WebhookSender,
  type WebhookSenderDeps,
} from '../../src/application/notices/webhook-sender.ts';
import type { Egress } from '../../src/application/ports/egress.ts';
import type { Position } from '../../src/application/ports/event-log.ts';
import type {
  DeliveryView,
  WebhookQueries,
  WebhookQueue,
  WebhookReplays,
} from '../../src/application/ports/webhook-queue.ts';
import { Secret } from '../../src/domain/secret.ts';
import type { Webhook } from '../../src/domain/webhook.ts';
import { someAuthenticator } from './event-authenticator.ts';
import { createTestDatabase } from './postgres.ts';
import { withClient } from './server-databases.ts';
import { type Receiver, startReceiver } from './webhook-receiver.ts';

/** Of all replicas and of what queues the notices. */
const AUTHENTICATOR = someAuthenticator();

export interface Clock {
  now: number;
}

/** What one replica has for sending: all of it real, but the clock. */
export interface WebhookReplica extends AsyncDisposable {
  readonly queue: WebhookQueue;
  readonly queries: WebhookQueries & WebhookReplays;
  readonly webhooks: readonly Webhook[];
  readonly sender: WebhookSender;
  /** What failed apart from deliveries. */
  readonly faults: unknown[];
  readonly disabled: string[];
  /** Distributes what is new and sends what is due, until nothing of it is under way. */
  send(): Promise<void>;
  /** Newest first. */
  deliveries(): Promise<readonly DeliveryView[]>;
}

export interface WebhookReplicaOptions extends Partial<Pick<WebhookSenderDeps, 'deadlineMs' | 'random'>> {
  readonly connectionString: string;
  readonly receivers: Readonly<Record<string, Receiver>>;
  readonly clock: Clock;
  /** Of each entry of the configuration. */
  readonly entry?: Readonly<Record<string, unknown>>;
  /** Default: the guard, with 127.0.0.1 opened. */
  readonly egress?: Egress;
}

function webhooksOf(
  receivers: Readonly<Record<string, Receiver>>,
  entry: Readonly<Record<string, unknown>> = {},
): readonly Webhook[] {
  const entries = Object.entries(receivers).map(([name, { url, secret }]) => ({
    ...{ name, url, secret, projects: 'all', ...entry },
  }));
  return parseWebhooks(new Secret(JSON.stringify(entries)), plainHosts(receivers));
}

export function plainHosts(receivers: Readonly<Record<string, Receiver>>): ReadonlySet<string> {
  return new Set(Object.values(receivers).map(({ host }) => host));
}

function startWebhookReplica(options: WebhookReplicaOptions): WebhookReplica {
  const { connectionString, receivers, clock, entry, random, deadlineMs } = options;
  const webhooks = webhooksOf(receivers, entry);
  const database = createReadConnections({ connectionString, name: 'webhooks', connections: 1, logger: SILENT });
  const queue = createWebhookQueue(database);
  const queries = createWebhookQueries(database, webhooks);
  const faults: unknown[] = [];
  const disabled: string[] = [];
  const plainHttpHosts = plainHosts(receivers);
  const sender = createWebhookSender({
    queue,
    webhooks,
    egress: options.egress ?? createEgress({ allow: parseAllowList(['127.0.0.1', 'localhost']), plainHttpHosts }),
    cursorOf: (projectId, sequence) => `${projectId}-${sequence}`,
    metrics: { webhookAttempted: () => undefined, webhookGivenUp: () => undefined },
    onDisabled: (name) => disabled.push(name),
    onFault: (error) => faults.push(error),
    authenticator: AUTHENTICATOR,
    sharedNow: async () => clock.now,
    random: random ?? (() => 0.5),
    deadlineMs,
  });
  return {
    queue,
    queries,
    webhooks,
    sender,
    faults,
    disabled,
    async send() {
      while ((await queue.distribute(webhooks, new Date(clock.now).toISOString())) > 0);
      // Nothing was due only if all slots were free when it asked: meanwhile those under way may have ended.
      for (;;) {
        const busy = sender.underWay;
        if ((await sender.start()) === 0 && busy === 0) return;
        await sender.next();
      }
    },
    async deliveries() {
      return (
        await queries.deliveries('demo', {
          filter: { state: undefined, webhook: undefined },
          first: 5_000,
          before: undefined,
        })
      ).deliveries;
    },
    async [Symbol.asyncDispose]() {
      await sender.stop(0);
      await database.close();
    },
  };
}

export interface WebhookWorld {
  receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver>;
  replica(receivers: Readonly<Record<string, Receiver>>, options?: Partial<WebhookReplicaOptions>): WebhookReplica;
  /** @returns the event ids of the new notices */
  notify(count?: number): Promise<string[]>;
  readonly clock: Clock;
  /** What the clock says, or will say. */
  at(laterMs?: number): string;
  closeAfter(opened: AsyncDisposable): void;
  sql(text: string): Promise<readonly object[]>;
}

/** A new database for each test of the file. After it, everything is closed that was opened here. */
export function useWebhookWorld(): WebhookWorld {
  let connectionString: string;
  const clock = { now: Date.now() };
  const opened: AsyncDisposable[] = [];
  beforeEach(async () => {
    ({ connectionString } = await createTestDatabase());
    clock.now = Date.now();
  });
  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]();
  });
  return {
    async receiver(...args) {
      const started = await startReceiver(...args);
      opened.push(started);
      return started;
    },
    replica(receivers, options = {}) {
      const started = startWebhookReplica({ connectionString, receivers, clock, ...options });
      opened.push(started);
      return started;
    },
    notify: (count) => addNotices(connectionString, count),
    clock,
    at: (laterMs = 0) => new Date(clock.now + laterMs).toISOString(),
    closeAfter: (each) => opened.push(each),
    sql: (text) => withClient(connectionString, async (client) => (await client.query<object>(text)).rows),
  };
}

/** Adds notices as the projector does. @returns their event ids */
async function addNotices(connectionString: string, count = 1): Promise<string[]> {
  const database = createReadConnections({ connectionString, name: 'notices', connections: 1, logger: SILENT });
  try {
    const text = 'select position::float8 as position from webhooks.head';
    const {
      rows: [head],
    } = await database.query<{ position: number }>({ name: 'head', text, values: [] });
    const outbox = createNoticeOutbox(AUTHENTICATOR);
    const ids = Array.from({ length: count }, () => randomUUID());
    for (const [index, id] of ids.entries()) {
      const sequence = (head?.position ?? 0) + index + 1;
      outbox.add(
        {
          sequence,
          project_id: 'demo',
          registry_id: randomUUID(),
          kind: 'ROTATED',
          occurred_at: '2030-01-31T09:00:00.000Z',
          url: 'registry.example',
          credential_version: 2,
          expires_at: null,
          actor: 'alice',
          leases_on_older_versions: 0,
          message: 'alice rotated the credential of registry.example to version 2.',
        },
        { id, position: BigInt(sequence) as Position },
      );
    }
    for (const { name, text: add, values } of outbox.changes())
      await database.query({ name, text: add, values: [...values] });
    return ids;
  } finally {
    await database.close();
  }
}
