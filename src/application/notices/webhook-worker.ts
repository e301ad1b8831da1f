import type { Webhook } from '../../domain/webhook.ts';
import type { SharedNow } from '../ports/shared-clock.ts';
import type { QueueDepth, WebhookQueue } from '../ports/webhook-queue.ts';
import type { WebhookSender } from './webhook-sender.ts';

const POLL_MS = 1_000;
const MAX_BACK_OFF_MS = 30_000;
const TIDY_EVERY_MS = 60_000;
const MEASURE_EVERY_MS = 15_000;
/** How long the deliveries under way get to end when the service stops. */
const STOP_WITHIN_MS = 3_000;
const DAY_MS = 86_400_000;
/** Longer than all attempts take: what is older waits for a webhook that is disabled, overloaded or no longer configured. */
const GIVE_UP_AFTER_MS = 7 * DAY_MS;
/** How long deliveries can be seen, and replayed, after they ended. */
const KEEP_MS = 30 * DAY_MS;

export interface WebhookWorkerDeps {
  readonly queue: WebhookQueue;
  readonly sender: WebhookSender;
  readonly webhooks: readonly Webhook[];
  /** Only the replica that leads works: others would only ask the database the same. */
  readonly leading: () => boolean;
  readonly sharedNow: SharedNow;
  readonly onFault: (error: unknown) => void;
}

export interface WebhookWorker {
  /** As the leading replica knows it, at most some seconds old. Undefined on the others. */
  readonly depth: QueueDepth | undefined;
  stop(): Promise<void>;
}

/** Brings new notices into the queue, sends what is due and removes what is old, for as long as this replica leads. */
export function startWebhookWorker(deps: WebhookWorkerDeps): WebhookWorker {
  const { queue, sender, webhooks, leading, sharedNow, onFault } = deps;
  let stopping = false;
  let wake: (() => void) | undefined;
  let depth: QueueDepth | undefined;
  let tidiedAt = Number.NEGATIVE_INFINITY;
  let measuredAt = Number.NEGATIVE_INFINITY;
  const at = (time: number) => new Date(time).toISOString();

  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      if (stopping) return resolve();
      const timer = setTimeout(done, milliseconds);
      wake = done;
      function done(): void {
        clearTimeout(timer);
        resolve();
      }
    });

  async function round(): Promise<void> {
    const distributed = await queue.distribute(webhooks, at(await sharedNow()));
    const busy = sender.underWay;
    const started = webhooks.length === 0 ? 0 : await sender.start();
    await tidy();
    await measure();
    if (stopping) return;
    if (distributed > 0 && started === 0) return;
    // Where something is being sent there may be more, for which a slot must come free first.
    await (started + busy > 0 ? Promise.race([sender.next(), pause(POLL_MS)]) : pause(POLL_MS));
  }

  async function tidy(): Promise<void> {
    if (performance.now() - tidiedAt < TIDY_EVERY_MS) return;
    tidiedAt = performance.now();
    const time = await sharedNow();
    await queue.tidy({ at: at(time), givenUpBefore: at(time - GIVE_UP_AFTER_MS), endedBefore: at(time - KEEP_MS) });
  }

  async function measure(): Promise<void> {
    if (performance.now() - measuredAt < MEASURE_EVERY_MS) return;
    measuredAt = performance.now();
    depth = await queue.depth(webhooks);
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping) {
      if (!leading()) {
        depth = undefined;
        await pause(POLL_MS);
        continue;
      }
      try {
        await round();
        failures = 0;
      } catch (error) {
        onFault(error);
        failures += 1;
        await pause(Math.min(POLL_MS * 2 ** failures, MAX_BACK_OFF_MS));
      }
    }
  }
  const running = run();

  return {
    get depth() {
      return depth;
    },
    async stop() {
      stopping = true;
      wake?.();
      await running;
      await sender.stop(STOP_WITHIN_MS);
    },
  };
}
