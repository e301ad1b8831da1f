import type { Position } from '../../../application/ports/event-log.ts';
import type { ProjectionProgress } from '../../../application/ports/read-models.ts';
import { unavailable } from '../../../domain/errors.ts';

/** While someone waits and this process does not lead, the checkpoint is looked at this often. */
const WAITING_POLL_MS = 10;
/** And this often while someone follows what comes. */
const FOLLOWING_POLL_MS = 100;

export interface ProgressDeps {
  /** The checkpoint as the database has it. */
  readonly readCheckpoint: () => Promise<Position>;
  /** Milliseconds after which a waiting mutation is told that its answer is not ready. */
  readonly timeoutMs: number;
}

export interface TrackedProgress extends ProjectionProgress {
  readonly position: Position;
  advanceTo(position: Position): void;
  /** Calls the listener after every advance, wherever the projector runs. */
  follow(listener: () => void): () => void;
  stop(): void;
}

interface Waiter {
  readonly position: Position;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** How far the read models are: told by the projector where it runs here, looked up where another replica leads. */
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
      // The database is away: those who wait are told when their time is over.
    } finally {
      polling = false;
      schedule();
    }
  }

  function schedule(): void {
    if (pollTimer || polling || stopped || waiters.size + listeners.size === 0) return;
    pollTimer = setTimeout(() => void poll(), waiters.size > 0 ? WAITING_POLL_MS : FOLLOWING_POLL_MS);
  }

  /** A follower's slow poll must not hold up one who waits. */
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
