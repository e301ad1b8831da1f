/**
 * Callers share a read that began after they asked: those of one turn of the event loop, and those who ask while the read
 * before is running. However many ask, at most one read runs at a time, or one more whenever the patience with it ends.
 */
export function createSharedRead<Result>(
  read: () => Promise<Result>,
  patience?: () => Promise<unknown>,
): () => Promise<Result> {
  let running: Promise<unknown> | undefined;
  let next: Promise<Result> | undefined;

  return () => {
    next ??= turn().then(() => {
      next = undefined;
      const begun = read();
      const ended = begun
        .catch(() => undefined)
        .then(() => {
          if (running === ended) running = undefined;
        });
      running = ended;
      return begun;
    });
    return next;
  };

  async function turn(): Promise<void> {
    if (running) await (patience ? Promise.race([running, patience()]) : running);
  }
}
