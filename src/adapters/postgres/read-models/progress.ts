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
  /** After this many milliseconds, a waiting mutation fails with UNAVAILABLE. */
  readonly timeoutMs: number;
}

export interface TrackedProgress extends ProjectionProgress {
  readonly position: Position;
  advanceTo(position: Position): void;
  /** Calls the listener after every advance, no matter where the projector runs. */
  follow(listener: () => void): () => void;
  stop(): void;
}

interface Waiter {
  readonly position: Position;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** How far the read models are. The projector tells it if this replica leads; otherwise it is read from the database. */
export function createProgress({ readCheckpoint, timeoutMs }: ProgressDeps, start: Position): TrackedProgress {
  let position = start;
  const waiters = new Set<Waiter>();
  const listeners = new Set<() => void>();
  let pollTimer: NodeJS.Timeout | undefined;
  let polling = false;
  let stopped = false;

  function advanceTo(reached: Position): void {
    if (reached <= position) return;
    position = reached;
    for (const waiter of waiters) {
      if (waiter.position > position) continue;
      clearTimeout(waiter.timer);
      waiters.delete(waiter);
      waiter.resolve();
    }
    for (const listener of listeners) listener();
  }

  async function poll(): Promise<void> {
    pollTimer = undefined;
    polling = true;
    try {
      advanceTo(await readCheckpoint());
    } catch {
      // The database is unavailable: waiting requests fail when their time is over.
    } finally {
      polling = false;
      schedule();
    }
  }

  function schedule(): void {
    if (pollTimer || polling || stopped || waiters.size + listeners.size === 0) return;
    pollTimer = setTimeout(() => void poll(), waiters.size > 0 ? WAITING_POLL_MS : FOLLOWING_POLL_MS);
  }

  /** A follower's slow poll must not delay a waiting request. */
  function pollSooner(): void {
    if (waiters.size > 1) return;
    clearTimeout(pollTimer);
    pollTimer = undefined;
    schedule();
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
    waitFor(awaited) {
      if (awaited <= position) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(waiter);
          reject(
            unavailable(
              'The change is stored but cannot be read yet. Repeating it with the same idempotencyKey is safe.',
            ),
          );
        }, timeoutMs);
        const waiter: Waiter = { position: awaited, resolve, reject, timer };
        waiters.add(waiter);
        pollSooner();
      });
    },
    stop() {
      stopped = true;
      clearTimeout(pollTimer);
      for (const waiter of waiters) {
        clearTimeout(waiter.timer);
        waiter.reject(
          unavailable('The service is stopping. Repeating the request with the same idempotencyKey is safe.'),
        );
      }
      waiters.clear();
    },
  };
}
