import type { Feed } from '../../../application/ports/read-models.ts';
import type { FeedQuery } from './feed-query.ts';

const PAGE = 500;
/** A subscriber that lags further behind is served from the table again instead of from memory. */
const MAX_QUEUED = 1_000;

export interface FeedDeps<Item> {
  readonly query: FeedQuery<Item>;
  /** Calls the listener whenever there may be new items. */
  readonly follow: (listener: () => void) => () => void;
  readonly onFault: (error: unknown) => void;
}

interface Subscriber<Item> {
  readonly queue: Item[];
  behind: boolean;
  wake: (() => void) | undefined;
}

/** Each replica reads an item once and hands the same object to all subscribers of its project. */
export function createFeed<Item extends { readonly sequence: number; readonly projectId: string }>(
  deps: FeedDeps<Item>,
): Feed<Item> & { readonly subscribers: number } {
  const { query, follow, onFault } = deps;
  const subscribers = new Map<string, Set<Subscriber<Item>>>();
  let count = 0;
  let unfollow: (() => void) | undefined;
  let handedOut: Promise<number> | undefined;
  let reading = false;
  let readAgain = false;

  /** Items after this sequence will be handed out; items up to it can be read from the table. */
  function startHandingOut(): Promise<number> {
    unfollow ??= follow(() => void handOut());
    handedOut ??= query.lastSequence();
    handedOut.catch(() => {
      handedOut = undefined;
    });
    return handedOut;
  }

  async function handOut(): Promise<void> {
    readAgain = true;
    if (reading || !handedOut) return;
    reading = true;
    try {
      while (readAgain && handedOut) {
        readAgain = false;
        let last: number = await handedOut;
        const items = await query.after(undefined, last, PAGE);
        for (const item of items) {
          last = item.sequence;
          for (const subscriber of subscribers.get(item.projectId) ?? []) dispatch(subscriber, item);
        }
        if (handedOut) handedOut = Promise.resolve(last);
        if (items.length === PAGE) readAgain = true;
      }
    } catch (error) {
      onFault(error);
    } finally {
      reading = false;
    }
  }

  function dispatch(subscriber: Subscriber<Item>, item: Item): void {
    if (subscriber.queue.length >= MAX_QUEUED) {
      subscriber.queue.length = 0;
      subscriber.behind = true;
    }
    if (!subscriber.behind) subscriber.queue.push(item);
    subscriber.wake?.();
  }

  function subscribe(projectId: string): Subscriber<Item> {
    const subscriber: Subscriber<Item> = { queue: [], behind: true, wake: undefined };
    const ofProject = subscribers.get(projectId) ?? new Set();
    subscribers.set(projectId, ofProject.add(subscriber));
    count += 1;
    return subscriber;
  }

  function unsubscribe(projectId: string, subscriber: Subscriber<Item>): void {
    const ofProject = subscribers.get(projectId);
    ofProject?.delete(subscriber);
    if (ofProject?.size === 0) subscribers.delete(projectId);
    count -= 1;
    if (count > 0) return;
    unfollow?.();
    unfollow = undefined;
    handedOut = undefined;
  }

  return {
    get subscribers() {
      return count;
    },

    lastSequence: (projectId) => query.lastSequence(projectId),

    removedUpTo: (projectId) => query.removedUpTo(projectId),

    async *follow(projectId, after, signal) {
      const subscriber = subscribe(projectId);
      const wake = () => subscriber.wake?.();
      signal.addEventListener('abort', wake);
      try {
        await startHandingOut();
        let seen = after ?? (await query.lastSequence());
        while (!signal.aborted) {
          if (subscriber.behind) {
            // Items handed out from here on are queued; earlier ones are in the table.
            subscriber.behind = false;
            for await (const item of replay(projectId, seen, signal)) {
              seen = item.sequence;
              yield item;
            }
          }
          for (const item of subscriber.queue.splice(0)) {
            if (item.sequence <= seen || signal.aborted) continue;
            seen = item.sequence;
            yield item;
          }
          if (subscriber.queue.length === 0 && !subscriber.behind && !signal.aborted) {
            await new Promise<void>((resolve) => {
              subscriber.wake = resolve;
            });
            subscriber.wake = undefined;
          }
        }
      } finally {
        signal.removeEventListener('abort', wake);
        unsubscribe(projectId, subscriber);
      }
    },
  };

  async function* replay(projectId: string, after: number, signal: AbortSignal): AsyncGenerator<Item, void, undefined> {
    let seen = after;
    while (!signal.aborted) {
      const page = await query.after(projectId, seen, PAGE);
      for (const item of page) {
        seen = item.sequence;
        yield item;
      }
      if (page.length < PAGE) return;
    }
  }
}
