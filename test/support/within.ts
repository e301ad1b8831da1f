import { setTimeout as delay } from 'node:timers/promises';

/** @throws Error if the work takes longer */
export async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  const late = new AbortController();
  const deadline = delay(milliseconds, undefined, { signal: late.signal }).then(() => {
    throw new Error(`took longer than ${milliseconds} ms`);
  });
  deadline.catch(() => undefined);
  try {
    return await Promise.race([work, deadline]);
  } finally {
    late.abort();
  }
}
