import type { Instant } from '../../domain/instant.ts';
import type { RotationNoticeKind } from '../../domain/notices.ts';
import type { DeliveryFault, DeliveryState, Webhook } from '../../domain/webhook.ts';
import type { QueuedNotice } from '../../domain/webhook-event.ts';

/** A delivery that this replica is to try. Until `record`, or until the claim is lost, no other tries it. */
export interface ClaimedDelivery {
  readonly id: string;
  readonly webhook: string;
  readonly claim: number;
  /** The number of this attempt, from 1 on. */
  readonly attempt: number;
  /** In the order of all notices of the service. */
  readonly sequence: number;
  readonly notice: QueuedNotice;
  /** The code that the notice was queued with. */
  readonly code: string;
}

/** What an attempt came to. */
export interface AttemptResult {
  readonly state: DeliveryState;
  /** Null if the receiver has the notice. */
  readonly fault: DeliveryFault | null;
  /** 2 to 5; null if there was no answer. */
  readonly statusClass: number | null;
  /** For a delivery that is to be tried again. */
  readonly dueAt: Instant | null;
}

export interface QueueDepth {
  /** Deliveries that are not delivered and not given up, of the webhooks of the configuration. */
  readonly pending: number;
  /** When the one that waits longest was made or replayed; null if there is none. */
  readonly oldest: Instant | null;
}

/** All times are the caller's, who reads the database's clock: a test can have another one. */
export interface WebhookQueue {
  /** Makes the deliveries of new notices, each once, however many replicas do so. @returns how many notices there were */
  distribute(webhooks: readonly Webhook[], at: Instant): Promise<number>;
  /**
   * Claims deliveries that are due, the longest due first, at most `free` of each webhook, and none of a webhook that is
   * disabled, paused, or not for the delivery's project. A claim is lost at `lostAt`.
   */
  claim(
    slots: readonly { readonly webhook: Webhook; readonly free: number }[],
    at: Instant,
    lostAt: Instant,
  ): Promise<readonly ClaimedDelivery[]>;
  /** Has no effect if the claim was lost and taken by another attempt. */
  record(delivery: ClaimedDelivery, result: AttemptResult, at: Instant): Promise<void>;
  /** Gives a claimed delivery back as if it had not been tried. */
  giveBack(delivery: ClaimedDelivery, at: Instant): Promise<void>;
  /** No delivery is sent to the webhook until its URL or its secrets change, or one of its deliveries is replayed. */
  disable(webhook: Webhook, at: Instant): Promise<void>;
  pause(webhook: Webhook, until: Instant): Promise<void>;
  /** Gives up deliveries that were made, or last replayed, before `givenUpBefore`, and removes those that ended before `endedBefore`. */
  tidy(times: { readonly at: Instant; readonly givenUpBefore: Instant; readonly endedBefore: Instant }): Promise<void>;
  depth(webhooks: readonly Webhook[]): Promise<QueueDepth>;
}

export interface DeliveryView {
  readonly id: string;
  readonly sequence: number;
  readonly webhook: string;
  readonly state: DeliveryState;
  readonly eventId: string;
  readonly kind: RotationNoticeKind;
  readonly registryId: string;
  readonly url: string;
  readonly occurredAt: Instant;
  readonly createdAt: Instant;
  readonly attempts: number;
  readonly lastAttemptAt: Instant | null;
  readonly lastFault: DeliveryFault | null;
  readonly lastStatusClass: number | null;
  /** Null if it is not to be tried again. */
  readonly nextAttemptAt: Instant | null;
  /** When it was delivered or given up. */
  readonly endedAt: Instant | null;
}

export interface WebhookView {
  readonly name: string;
  readonly host: string;
  readonly kinds: readonly RotationNoticeKind[] | null;
  readonly disabledAt: Instant | null;
  readonly pausedUntil: Instant | null;
}

export interface DeliveryFilter {
  readonly state: DeliveryState | undefined;
  readonly webhook: string | undefined;
}

export interface WebhookQueries {
  /** The webhooks of the configuration that hear of the project. */
  webhooks(projectId: string): Promise<readonly WebhookView[]>;
  /** Newest first. `before`: the sequence of the last one of the page before. */
  deliveries(
    projectId: string,
    query: { readonly filter: DeliveryFilter; readonly first: number; readonly before: number | undefined },
  ): Promise<{ readonly deliveries: readonly DeliveryView[]; readonly hasNextPage: boolean }>;
}

/** For people who have a delivery sent again. */
export interface WebhookReplays {
  find(projectId: string, id: string): Promise<DeliveryView | undefined>;
  /** Makes the delivery due at once, with all its attempts as if it were new, and enables its webhook. @returns undefined if it is gone */
  replay(projectId: string, id: string, at: Instant): Promise<DeliveryView | undefined>;
}
