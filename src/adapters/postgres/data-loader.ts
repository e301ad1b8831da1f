import DataLoader from 'dataloader';

/**
 * Answers all requests of one turn of the event loop with one read, and caches nothing. Requests arrive in groups, because
 * those written in one batch are answered together: one statement a group costs the driver and the server less than one
 * a request.
 */
export function createDataLoader<Key, Result>(options: {
  /** One result for each key, in their order. If it throws, every request for one of these keys gets the error. */
  readonly read: (keys: readonly Key[]) => Promise<readonly Result[]>;
  /** The most keys in one read. */
  readonly maxKeys: number;
}): (key: Key) => Promise<Result> {
  const loader = new DataLoader<Key, Result>(options.read, {
    cache: false,
    maxBatchSize: options.maxKeys,
    batchScheduleFn: (read) => setImmediate(read),
  });
  return (key) => loader.load(key);
}
