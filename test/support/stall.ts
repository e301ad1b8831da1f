import { performance } from 'node:perf_hooks';

const INTERVAL_MS = 5;

/** The longest time in which nothing else could run while this work was done, in milliseconds. */
export async function stallDuring(work: () => unknown): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, INTERVAL_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
    look();
  }
  return longest;
}
