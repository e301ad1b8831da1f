export interface BatchedReadOptions<Key, Result> {
  /** One result for each key, in their order. What it throws, all who asked for one of these keys are given. */
  readonly read: (keys: readonly Key[]) => Promise<readonly Result[]>;
  /** Keys in one read, at most. */
  readonly maxKeys: number;
}

interface Asked<Key, Result> {
  readonly key: Key;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Answers all who ask in one turn of the event loop with one read. Requests come in flocks, because those that were
 * written in one batch are answered together: one statement for each flock costs the driver and the server less than
 * one for each of them.
 */
export function createBatchedRead<Key, Result>(
  options: BatchedReadOptions<Key, Result>,
): (key: Key) => Promise<Result> {
  const { read, maxKeys } = options;
  let waiting: Asked<Key, Result>[] = [];

  async function answer(asked: readonly Asked<Key, Result>[]): Promise<void> {
    try {
      const results = await read(asked.map(({ key }) => key));
      if (results.length !== asked.length) throw new Error('a read must give one result for each key');
      for (const [index, result] of results.entries()) asked[index]?.resolve(result);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  function answerWaiting(): void {
    const asked = waiting;
    waiting = [];
    for (let start = 0; start < asked.length; start += maxKeys) void answer(asked.slice(start, start + maxKeys));
  }

  return (key) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(answerWaiting);
      waiting.push({ key, resolve, reject });
    });
}
