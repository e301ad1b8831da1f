export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/**
 * Drops the result of work that takes longer, or that nobody waits for any more.
 * @throws TookTooLong, or the reason of the signal once it aborts
 */
export async function within<Result>(
  milliseconds: number,
  work: Promise<Result>,
  { who, signal }: { readonly who?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const message = `took longer than ${milliseconds} ms`;
    timer = setTimeout(() => reject(new TookTooLong(who === undefined ? message : `${who} ${message}`)), milliseconds);
    stop = () => reject(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([deadline, work]);
  } finally {
    clearTimeout(timer);
    if (stop) signal?.removeEventListener('abort', stop);
  }
}
