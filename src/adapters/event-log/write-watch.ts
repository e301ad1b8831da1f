import { setTimeout as delay } from 'node:timers/promises';

const PROBE_EVERY_MS = 5_000;
const PROBE_IN_OUTAGE_EVERY_MS = 1_000;

/** Knows whether a store can be written. */
export interface WriteWatch {
  /** Why nothing can be written, as a public sentence; undefined while writes succeed. */
  readonly outage: string | undefined;
  /** Tell it of a write that failed: the next probe may come later, and may be too small to meet the same fault. */
  failed(error: unknown): void;
  stop(): Promise<void>;
}

export interface Probing {
  /** The next probe comes at once. */
  hurry(): void;
  /** Waits for the probe that is running. */
  stop(): Promise<void>;
}

/**
 * Probes from time to time, and more often in an outage: a service that is not ready gets no requests whose writes could
 * show that it is over.
 */
export function probeRepeatedly(probe: () => Promise<void>, isOutage: () => boolean): Probing {
  const stopping = new AbortController();
  let hurrying = new AbortController();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      hurrying = new AbortController();
      await probe();
      const signal = AbortSignal.any([stopping.signal, hurrying.signal]);
      await delay(isOutage() ? PROBE_IN_OUTAGE_EVERY_MS : PROBE_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
  const running = run();

  return {
    hurry: () => hurrying.abort(),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
