import { type DeliveryFault, faultOfStatus, type Webhook } from '../../domain/webhook.ts';
import { CONTENT_TYPE, signedNotice, webhookBody } from '../../domain/webhook-event.ts';
import { parseRetryAfter, pauseAfter, throttleMs } from '../../domain/webhook-retries.ts';
import { webhookSignature } from '../../domain/webhook-signature.ts';
import { type Egress, EgressFailed, type EgressFault } from '../ports/egress.ts';
import type { EventAuthenticator } from '../ports/event-authenticator.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { SharedNow } from '../ports/shared-clock.ts';
import type { AttemptResult, ClaimedDelivery, WebhookQueue } from '../ports/webhook-queue.ts';

/** Deliveries of one webhook under way at once. The slots of one receiver are no other's, so a slow one delays no other. */
const SLOTS = 4;
const DEADLINE_MS = 20_000;
/** When an attempt counts as lost, because its replica has stopped: after its deadline and the time to record it. */
const LOST_AFTER_MS = 30_000;

export interface WebhookSenderDeps {
  readonly queue: WebhookQueue;
  readonly webhooks: readonly Webhook[];
  readonly egress: Pick<Egress, 'request'>;
  readonly authenticator: Pick<EventAuthenticator, 'isAuthenticText'>;
  /** The cursor of the notice with this sequence. */
  readonly cursorOf: (projectId: string, sequence: number) => string;
  readonly metrics: Pick<Metrics, 'webhookAttempted' | 'webhookGivenUp'>;
  /** Called if a receiver answers that it is gone. */
  readonly onDisabled: (webhook: string) => void;
  readonly onFault: (error: unknown) => void;
  readonly sharedNow: SharedNow;
  /** From 0 up to 1. Default: Math.random. */
  readonly random?: () => number;
  /** Milliseconds that an attempt may take. Default: 20,000. */
  readonly deadlineMs?: number | undefined;
}

export interface WebhookSender {
  /** Deliveries that are being sent. */
  readonly underWay: number;
  /** Starts to send what is due and has a free slot. @returns how much that is */
  start(): Promise<number>;
  /** Resolves when one of the deliveries under way has ended; at once if there are none. */
  next(): Promise<void>;
  /** Lets the deliveries under way end within the time, then breaks them off: they will be sent again. */
  stop(withinMs: number): Promise<void>;
}

interface Answer {
  readonly fault: DeliveryFault | null;
  readonly statusClass: number | null;
  readonly retryAfterMs?: number | undefined;
}

const FORGED: Answer = { fault: 'FORGED', statusClass: null };

/** Sends notices to webhooks: each at least once, with the same id at every attempt. */
export function createWebhookSender(deps: WebhookSenderDeps): WebhookSender {
  const { queue, webhooks, egress, authenticator, cursorOf, metrics, onDisabled, onFault, sharedNow } = deps;
  const { random = Math.random, deadlineMs = DEADLINE_MS } = deps;
  const byName = new Map(webhooks.map((webhook) => [webhook.name, webhook]));
  const underWay = new Map<string, Set<Promise<void>>>(webhooks.map(({ name }) => [name, new Set()]));
  const stopping = new AbortController();
  const instant = (time: number) => new Date(time).toISOString();

  const allUnderWay = () => [...underWay.values()].flatMap((sending) => [...sending]);

  async function deliver(delivery: ClaimedDelivery, webhook: Webhook, claimedAt: number): Promise<void> {
    const answer = isGenuine(delivery) ? await attempt(delivery, webhook, claimedAt) : FORGED;
    const at = await sharedNow();
    if (stopping.signal.aborted && answer.fault !== null) return queue.giveBack(delivery, instant(at));
    metrics.webhookAttempted(answer.fault);
    if (answer.fault === 'GONE') {
      await queue.disable(webhook, instant(at));
      onDisabled(webhook.name);
    }
    if (answer.fault === 'THROTTLED') {
      await queue.pause(webhook, instant(at + throttleMs(answer.retryAfterMs)));
    }
    const result = resultOf(delivery, answer, at);
    if (result.state === 'DEAD_LETTER') metrics.webhookGivenUp();
    await queue.record(delivery, result, instant(at));
  }

  /** A row that Purser did not write, or that was changed, says what no event says. */
  function isGenuine({ id, notice, sequence, code }: ClaimedDelivery): boolean {
    const text = signedNotice(notice, sequence);
    if (authenticator.isAuthenticText({ purpose: 'queued notice', text }, code)) return true;
    onFault(new Error(`the notice of delivery ${id} was not queued by Purser, or was changed since: it is not sent`));
    return false;
  }

  async function attempt({ notice, sequence }: ClaimedDelivery, webhook: Webhook, claimedAt: number): Promise<Answer> {
    const body = webhookBody(notice, cursorOf(notice.projectId, sequence));
    const message = { id: notice.eventId, timestamp: Math.floor(claimedAt / 1000), body };
    const headers = {
      'content-type': CONTENT_TYPE,
      'webhook-id': message.id,
      'webhook-timestamp': String(message.timestamp),
      'webhook-signature': webhookSignature(webhook.secrets, message),
    };
    const { caCertificate } = webhook;
    try {
      const { status, headers: answered } = await egress.request(
        { url: webhook.url.reveal(), method: 'POST', headers, body, ignoreBody: true },
        { caCertificate, deadlineMs, signal: stopping.signal },
      );
      const retryAfterMs = parseRetryAfter(answered.get('retry-after')?.at(0), claimedAt);
      return { fault: faultOfStatus(status), statusClass: Math.floor(status / 100), retryAfterMs };
    } catch (error) {
      if (!(error instanceof EgressFailed)) throw error;
      return { fault: faultOf(error.fault), statusClass: null };
    }
  }

  function resultOf({ attempt: number }: ClaimedDelivery, answer: Answer, at: number): AttemptResult {
    const { fault, statusClass, retryAfterMs } = answer;
    if (fault === null) return { state: 'DELIVERED', fault, statusClass, dueAt: null };
    const pauseMs = fault === 'GONE' || fault === 'FORGED' ? undefined : pauseAfter(number, random(), retryAfterMs);
    if (pauseMs === undefined) return { state: 'DEAD_LETTER', fault, statusClass, dueAt: null };
    return { state: 'PENDING', fault, statusClass, dueAt: instant(at + pauseMs) };
  }

  return {
    get underWay() {
      return allUnderWay().length;
    },

    async start() {
      const slots = webhooks
        .map((webhook) => ({ webhook, free: SLOTS - (underWay.get(webhook.name)?.size ?? 0) }))
        .filter(({ free }) => free > 0);
      if (slots.length === 0) return 0;
      const at = await sharedNow();
      const claimed = await queue.claim(slots, instant(at), instant(at + LOST_AFTER_MS));
      for (const delivery of claimed) {
        const webhook = byName.get(delivery.webhook);
        const sending = underWay.get(delivery.webhook);
        if (webhook === undefined || sending === undefined) throw new Error('the queue gave a delivery of no webhook');
        const sent: Promise<void> = deliver(delivery, webhook, at)
          .catch(onFault)
          .finally(() => sending.delete(sent));
        sending.add(sent);
      }
      return claimed.length;
    },

    async next() {
      const all = allUnderWay();
      if (all.length > 0) await Promise.race(all);
    },

    async stop(withinMs) {
      const timer = setTimeout(() => stopping.abort(), withinMs);
      await Promise.all(allUnderWay());
      clearTimeout(timer);
    },
  };
}

function faultOf(fault: EgressFault): DeliveryFault {
  switch (fault.kind) {
    case 'TOO_LARGE':
    case 'INVALID_REQUEST':
      return 'MALFORMED_ANSWER';
    default:
      return fault.kind;
  }
}
