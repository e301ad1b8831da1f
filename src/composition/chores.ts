/** A long chore ends early when `signal` aborts. */
export type Chore = (signal: AbortSignal) => Promise<unknown>;

export interface Chores {
  /** Waits until the current round ends. */
  stop(): Promise<void>;
}

/**
 * Runs the chores one after the other, round after round, with a pause between rounds. A failed chore does not stop the
 * others.
 */
export function createChores(
  chores: readonly Chore[],
  {
    everyMs,
    onFault,
  }: {
    /** The pause; a function is asked before each. */
    readonly everyMs: number | (() => number);
    readonly onFault: (error: unknown) => void;
  },
): Chores {
  let round: Promise<void> = Promise.resolve();
  let timer = next();
  const stopping = new AbortController();

  function next(): NodeJS.Timeout {
    return setTimeout(
      () => {
        round = doAll();
      },
      typeof everyMs === 'number' ? everyMs : everyMs(),
    );
  }

  async function doAll(): Promise<void> {
    for (const chore of chores) {
      if (stopping.signal.aborted) return;
      await chore(stopping.signal).catch(onFault);
    }
    if (!stopping.signal.aborted) timer = next();
  }

  return {
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await round;
    },
  };
}
