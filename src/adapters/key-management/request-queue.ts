import { type KeyAnswer, type KeyItem, KeyServiceFailed } from './key-service.ts';

export interface RequestQueueOptions {
  readonly maxBatch: number;
  readonly maxInFlight: number;
  /** Items that may wait. More are refused at once. */
  readonly maxWaiting: number;
  /** Milliseconds from `submit` to an answer. */
  readonly deadlineMs: number;
  /** Milliseconds until what failed is sent once more, unless the service said when. */
  readonly retryAfterMs: number;
  /** @throws KeyServiceFailed */
  readonly send: (items: readonly KeyItem[]) => Promise<KeyAnswer[]>;
}

interface Waiting {
  readonly item: KeyItem;
  readonly until: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answer: KeyAnswer) => void;
  readonly reject: (error: unknown) => void;
  attempts: number;
  /** Of the attempt before. It says more than that the time is over. */
  fault: unknown;
  settled: boolean;
}

const MAX_ATTEMPTS = 2;

/**
 * Sends items in batches: those of one turn of the event loop together, and those that wait while all requests are under
 * way. What failed by an outage or by too many requests is sent once more, within its deadline.
 */
export function createRequestQueue(options: RequestQueueOptions): { submit(item: KeyItem): Promise<KeyAnswer> } {
  const { maxBatch, maxInFlight, maxWaiting, deadlineMs, retryAfterMs, send } = options;
  let waiting: Waiting[] = [];
  let inFlight = 0;
  let pausedUntil = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    const pauseMs = pausedUntil - performance.now();
    const run = () => {
      isScheduled = false;
      pump();
    };
    if (pauseMs > 0) setTimeout(run, pauseMs);
    else setImmediate(run);
  }

  function pump(): void {
    if (performance.now() < pausedUntil) {
      schedule();
      return;
    }
    waiting = waiting.filter(({ settled }) => !settled);
    while (inFlight < maxInFlight && waiting.length > 0) {
      inFlight += 1;
      void sendBatch(waiting.splice(0, maxBatch)).finally(() => {
        inFlight -= 1;
        if (waiting.length > 0) schedule();
      });
    }
  }

  async function sendBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const answers = await send(batch.map(({ item }) => item));
      batch.forEach((one, index) => {
        const answer = answers[index];
        if (answer === undefined)
          fail(one, new KeyServiceFailed('outage', 'has sent fewer answers than it was asked for'));
        else settle(one, () => one.resolve(answer));
      });
    } catch (error) {
      const isPassing = error instanceof KeyServiceFailed && error.kind !== 'refused';
      const pauseMs = (error instanceof KeyServiceFailed ? error.retryAfterMs : undefined) ?? retryAfterMs;
      if (isPassing) pausedUntil = Math.max(pausedUntil, performance.now() + pauseMs);
      for (const one of batch) {
        one.attempts += 1;
        one.fault = error;
        const isTooLate = one.until < performance.now() + pauseMs;
        if (isPassing && one.attempts < MAX_ATTEMPTS && !isTooLate) waiting.push(one);
        else fail(one, error);
      }
    }
  }

  return {
    submit(item) {
      return new Promise((resolve, reject) => {
        if (waiting.length >= maxWaiting) {
          reject(new KeyServiceFailed('outage', `has ${maxWaiting} requests waiting for it already`));
          return;
        }
        const timer = setTimeout(() => {
          fail(one, one.fault ?? new KeyServiceFailed('outage', `has not answered within ${deadlineMs / 1_000} s`));
        }, deadlineMs);
        const until = performance.now() + deadlineMs;
        const one: Waiting = { item, until, timer, resolve, reject, attempts: 0, fault: undefined, settled: false };
        waiting.push(one);
        schedule();
      });
    },
  };
}

function fail(one: Waiting, error: unknown): void {
  settle(one, () => one.reject(error));
}

function settle(one: Waiting, answer: () => void): void {
  if (one.settled) return;
  one.settled = true;
  clearTimeout(one.timer);
  answer();
}
