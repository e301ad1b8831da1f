/**
 * Callers share a read that began after they asked: those of one turn of the event loop, and those who ask while the read
 * before is running. However many ask, at most one read runs at a time.
 */
export function createSharedRead<Result>(read: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<Result> | undefined;

  return () => {
    next ??= running.then(() => {
      next = undefined;
      const begun = read();
      running = begun.catch(() => undefined);
      return begun;
    });
    return next;
  };
}
