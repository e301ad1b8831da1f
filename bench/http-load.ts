import type { LoadOrder, LoadResult } from './http-load-worker.ts';
import { startWorker } from './worker.ts';

export interface HttpLoad {
  /** @throws Error with the first answer that has errors */
  run(order: LoadOrder): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** HTTP requests from another process, one at a time on each connection. */
export function startHttpLoad(): HttpLoad {
  const worker = startWorker<LoadOrder, LoadResult>('http-load-worker.js');
  return {
    async run(order) {
      const result = await worker.send(order);
      if (result.fault !== undefined) throw new Error(`a wrong answer: ${result.fault}`);
      return result;
    },
    stop: () => worker.stop(),
  };
}
