export interface Lifecycle {
  /** Stops in reverse order of starting. */
  onClose(stop: () => Promise<unknown>): void;
  /** Runs every stop once, even after one failed. @throws AggregateError with all failures */
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
    if (failures.length > 0) throw new AggregateError(failures, 'some parts could not be stopped');
  }

  return {
    onClose: (stop) => stops.push(stop),
    close() {
      closing ??= run();
      return closing;
    },
  };
}
