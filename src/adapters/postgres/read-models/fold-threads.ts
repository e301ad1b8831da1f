import { parentPort, Worker, workerData } from 'node:worker_threads';
import { type FoldThreads, foldPart, type PartProgress, type PartsDeps, type PartToFold } from './folded-parts.ts';

/** What a thread says while it folds a part, and after it. */
type Answer = { readonly progress: PartProgress } | { readonly isDone: true };

/** Threads that run the file. It gets `data`, which can be cloned, and calls `foldInThread`. */
export function startFoldThreads(file: URL, data: object): FoldThreads {
  const all: Worker[] = [];
  const idle: Worker[] = [];
  const start = () => {
    const worker = new Worker(file, { workerData: data });
    all.push(worker);
    return worker;
  };
  return {
    fold: (order, onProgress) =>
      new Promise((resolve, reject) => {
        const worker = idle.pop() ?? start();
        worker.removeAllListeners();
        worker.on('message', (answer: Answer) => {
          if ('progress' in answer) return onProgress(answer.progress);
          idle.push(worker);
          resolve();
        });
        worker.on('error', reject);
        worker.on('exit', () => reject(new Error('the thread was ended')));
        worker.postMessage(order satisfies PartToFold);
      }),
    async end() {
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}

/** In the thread. An error ends it, and is told to the one who started it. */
export function foldInThread<Data>(open: (data: Data) => PartsDeps): void {
  const port = parentPort;
  if (port === null) throw new Error('this is no thread');
  const answer = (message: Answer) => port.postMessage(message);
  const deps = open(workerData);
  port.on('message', async (order: PartToFold) => {
    await foldPart(deps, order, (progress) => answer({ progress }));
    answer({ isDone: true });
  });
}
