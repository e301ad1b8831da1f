import type { Position } from '../../../application/ports/event-log.ts';
import type { ProjectionProgress } from '../../../application/ports/read-models.ts';
import { unavailable } from '../../../domain/errors.ts';

/** While a request waits and this process does not lead, the checkpoint is read this often. */
const WAITING_POLL_MS = 10;
/** While there are only followers, the checkpoint is read this often. */
const FOLLOWING_POLL_MS = 100;

export interface ProgressDeps {
  /** Reads the checkpoint in the database. */
  readonly readCheckpoint: () => Promise<Position>;
}

export interface TrackedProgress extends ProjectionProgress {
  advanceTo(position: Position): void;
  /** Calls the listener after every advance, no matter where the projector runs. */
  follow(listener: () => void): () => void;
  stop(): void;
}

interface Waiter {
  readonly position: Position;
  readonly resolve: (passed: boolean) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** How far the read models are. The projector tells it if this replica leads; otherwise it is read from the database. */
export function createProgress({ readCheckpoint }: ProgressDeps, start: Position): TrackedProgress {
  let position = start;
  const waiters = new Set<Waiter>();
  const listeners = new Set<() => void>();
  let pollTimer: NodeJS.Timeout | undefined;
  let polling: Promise<void> | undefined;
  let stopped = false;
  /** When somebody first waited for more than the models had passed, since they last moved. */
  let behindSince: number | undefined;

  function advanceTo(reached: Position): void {
    if (reached <= position) return;
    position = reached;
    behindSince = undefined;
    for (const waiter of waiters) {
      if (waiter.position > position) continue;
      clearTimeout(waiter.timer);
      waiters.delete(waiter);
      waiter.resolve(true);
    }
    for (const listener of listeners) listener();
  }

  /** Shared by all who want to know at the same time. */
  function poll(): Promise<void> {
    clearTimeout(pollTimer);
    pollTimer = undefined;
    polling ??= readCheckpoint()
      .then(advanceTo)
      .finally(() => {
        polling = undefined;
        schedule();
      });
    return polling;
  }

  /** While the database is unavailable, waiting requests go on waiting until their time is over. */
  function pollQuietly(): void {
    poll().catch(() => undefined);
  }

  function schedule(): void {
    if (pollTimer || polling || stopped || waiters.size + listeners.size === 0) return;
    pollTimer = setTimeout(pollQuietly, waiters.size > 0 ? WAITING_POLL_MS : FOLLOWING_POLL_MS);
  }

  return {
    get position() {
      return position;
    },
    advanceTo,
    follow(listener) {
      listeners.add(listener);
      schedule();
      return () => listeners.delete(listener);
    },
    get stalledMs() {
      return behindSince === undefined ? 0 : performance.now() - behindSince;
    },
    async refresh() {
      await poll();
      return position;
    },
    waitFor(awaited, withinMs) {
      if (awaited <= position) return Promise.resolve(true);
      behindSince ??= performance.now();
      // At once, because a replica that does not lead may only not have looked for a while.
      if (waiters.size === 0) pollQuietly();
      if (withinMs < 1) return Promise.resolve(false);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          resolve(false);
        }, withinMs);
        const waiter: Waiter = { position: awaited, resolve, reject, timer };
        waiters.add(waiter);
      });
    },
    stop() {
      stopped = true;
      clearTimeout(pollTimer);
      for (const waiter of waiters) {
        clearTimeout(waiter.timer);
        waiter.reject(unavailable('The service is stopping. Try again.'));
      }
      waiters.clear();
    },
  };
}
