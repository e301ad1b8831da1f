import { setTimeout as delay } from 'node:timers/promises';

/** Work that a request starts and does not wait for. */
export interface BackgroundWork {
  /** False, and nothing is started, if as much is under way as may be. What goes wrong is reported as a fault. */
  start(task: () => Promise<void>): boolean;
  /** Waits until nothing is under way, or until the time is over. Never rejects. */
  settled(milliseconds: number): Promise<void>;
}

export function createBackgroundWork({
  max,
  onFault,
}: {
  /** Tasks at a time. */
  readonly max: number;
  readonly onFault: (error: unknown) => void;
}): BackgroundWork {
  const underWay = new Set<Promise<void>>();

  return {
    start(task) {
      if (underWay.size >= max) return false;
      const run = task()
        .catch(onFault)
        .finally(() => underWay.delete(run));
      underWay.add(run);
      return true;
    },

    async settled(milliseconds) {
      const stop = new AbortController();
      const timeout = delay(milliseconds, undefined, { signal: stop.signal }).catch(() => undefined);
      await Promise.race([timeout, Promise.all(underWay)]);
      stop.abort();
    },
  };
}
