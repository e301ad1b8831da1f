export interface Lifecycle {
  /** What is started later is stopped earlier. */
  onClose(stop: () => Promise<unknown>): void;
  /** Runs every stop once, also after one that failed. @throws AggregateError of what failed */
  readonly close: () => Promise<void>;
}

export function createLifecycle(): Lifecycle {
  const stops: (() => Promise<unknown>)[] = [];
  let closing: Promise<void> | undefined;

  async function run(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of stops.toReversed()) {
      try {
        await stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
  }

  return {
    onClose: (stop) => stops.push(stop),
    close() {
      closing ??= run();
      return closing;
    },
  };
}
