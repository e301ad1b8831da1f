import { readFileSync } from 'node:fs';

/**
 * Begins to measure. What it gives says for how long these processes could have gone on while the machine ran others, since then,
 * in milliseconds: the longest of them, as they may be held up at the same time.
 */
export function measureHeldUp(...pids: readonly number[]): () => number {
  const before = pids.map(waitedForCpuMs);
  return () => Math.max(...pids.map((pid, index) => waitedForCpuMs(pid) - (before[index] ?? 0)));
}

/**
 * For how long the main thread of a process was ready to run while the machine ran others, in milliseconds since its start.
 * What is left of a latency without it is what the process itself took. 0 where the kernel does not tell.
 */
export function waitedForCpuMs(pid: number): number {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waitedNs) / 1e6;
  } catch {
    return 0;
  }
}
