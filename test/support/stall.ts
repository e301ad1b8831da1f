import { performance } from 'node:perf_hooks';

const INTERVAL_MS = 5;
const TRIES = 3;

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

/** The shortest of the longest stalls of three tries, or of the first if that is below the bound: the machine does not pause three times. */
export async function leastStall(boundMs: number, work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES && least >= boundMs; tries += 1) least = Math.min(least, await stallDuring(work));
  return least;
}
