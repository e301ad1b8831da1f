import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A separate process that answers orders one at a time. */
export interface Worker<Order, Result> {
  readonly pid: number;
  /** @throws Error if the order failed or the process ended */
  send(order: Order): Promise<Result>;
  stop(): Promise<void>;
}

/** Messages cannot carry an `undefined` result. */
type Answer<Result> = { readonly result: Result } | { readonly error: string };

/** `file` is a compiled file beside this one. It answers every message with `{ result }` or `{ error }`. */
export function startWorker<Order extends object, Result>(
  file: string,
  { execArgv = [] }: { execArgv?: readonly string[] } = {},
): Worker<Order, Result> {
  // As in production, so that no library runs in development mode.
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = fork(join(import.meta.dirname, file), { execArgv: [...execArgv], env });
  endWithBench(child);
  let answered: (answer: Answer<Result>) => void = () => undefined;
  child.on('message', (answer) => answered(answer as Answer<Result>));
  child.once('exit', (code, signal) => answered({ error: `the process ended with ${signal ?? code}` }));
  return {
    pid: pidOf(child),
    async send(order) {
      const answer = await new Promise<Answer<Result>>((resolve) => {
        answered = resolve;
        child.send(order);
      });
      if ('error' in answer) throw new Error(`${file}: ${answer.error}`);
      return answer.result;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('a process could not be started');
  return child.pid;
}

/** Ends the child with the bench, however the bench ends. */
export function endWithBench(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGTERM');
});
