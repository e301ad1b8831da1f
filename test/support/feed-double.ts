import type { Feed } from '../../src/application/ports/read-models.ts';

/** Gives every follower the same object, as the real feeds do. */
export function createFeedDouble<Item extends { readonly sequence: number; readonly projectId: string }>() {
  const items: Item[] = [];
  let open = 0;
  const waiting = new Set<() => void>();

  async function* follow(
    projectId: string,
    after: number | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Item, void, undefined> {
    open += 1;
    const wakeAll = () => wake();
    signal.addEventListener('abort', wakeAll, { once: true });
    try {
      let next = after === undefined ? items.length : items.findIndex(({ sequence }) => sequence > after);
      if (next === -1) next = items.length;
      while (!signal.aborted) {
        const item = items[next];
        if (item === undefined) {
          await new Promise<void>((resolve) => {
            waiting.add(resolve);
          });
          continue;
        }
        next += 1;
        if (item.projectId === projectId) yield item;
      }
    } finally {
      signal.removeEventListener('abort', wakeAll);
      open -= 1;
    }
  }

  function wake(): void {
    const woken = [...waiting];
    waiting.clear();
    for (const resolve of woken) resolve();
  }

  return {
    items,
    feed: {
      follow,
      lastSequence: async (projectId) =>
        items.findLast((item) => projectId === undefined || item.projectId === projectId)?.sequence ?? 0,
      removedUpTo: async () => 0,
    } satisfies Feed<Item>,
    open: () => open,
    publish(make: (sequence: number) => Item): Item {
      const item = make(items.length + 1);
      items.push(item);
      wake();
      return item;
    },
  };
}
