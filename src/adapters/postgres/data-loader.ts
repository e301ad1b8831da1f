import DataLoader from 'dataloader';

/**
 * Answers all who ask in one turn of the event loop with one read; nothing is kept. Requests come in flocks, because those
 * that were written in one batch are answered together: one statement for each flock costs the driver and the server
 * less than one for each request.
 */
export function createDataLoader<Key, Result>(options: {
  /** One result for each key, in their order. If it throws, all who asked for one of these keys get the error. */
  readonly read: (keys: readonly Key[]) => Promise<readonly Result[]>;
  /** Keys in one read, at most. */
  readonly maxKeys: number;
}): (key: Key) => Promise<Result> {
  const loader = new DataLoader<Key, Result>(options.read, {
    cache: false,
    maxBatchSize: options.maxKeys,
    batchScheduleFn: (read) => setImmediate(read),
  });
  return (key) => loader.load(key);
}
