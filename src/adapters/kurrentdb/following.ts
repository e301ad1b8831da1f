import { setTimeout as delay } from 'node:timers/promises';
import { BEGINNING, type LogPage, type Position, type RecordedEvent } from '../../application/ports/event-log.ts';
import type { StoreEvent, StoreSubscription } from './client-api.ts';
import type { StoreConnection } from './connection.ts';
import { storePositionOf } from './stored-form.ts';

const MAX_EVENTS = 2_048;
const OPEN_TIMEOUT_MS = 5_000;
const RESUBSCRIBE_MS = { min: 200, max: 1_000 } as const;

export interface FollowingDeps {
  readonly connection: StoreConnection;
  readonly prefix: string;
  /** Where to begin. */
  readonly start: () => Promise<Position>;
  /** The event in the log's form; undefined if it is not of the log. */
  readonly convert: (event: StoreEvent) => RecordedEvent | undefined;
  readonly onEvent: () => void;
  readonly onFault: (error: unknown) => void;
}
export interface Following {
  /** From one to `maxCount` events after the position, perhaps not the last; undefined if only the store can answer. */
  after(position: Position, maxCount: number): LogPage | undefined;
  close(): Promise<void>;
}

/**
 * Subscribes to the log's events from now on, and again from the last one whenever the subscription ends: by itself it never
 * resumes. What it brings are hints, and the last events for readers that follow closely. Who reads keeps its own position.
 */
export function followLog({ connection, prefix, start, convert, onEvent, onFault }: FollowingDeps): Following {
  const closing = new AbortController();
  const { signal: closed } = closing;
  let subscription: StoreSubscription | undefined;
  /** All events after `begin` are in `events`. */
  let begin: Position | undefined;
  const events: RecordedEvent[] = [];

  function keep(event: RecordedEvent): void {
    const last = events.at(-1)?.position ?? begin ?? BEGINNING;
    // A subscription that begins anew may bring an event again.
    if (event.position <= last) return;
    events.push(event);
    if (events.length <= 2 * MAX_EVENTS) return;
    const dropped = events.splice(0, events.length - MAX_EVENTS);
    begin = dropped.at(-1)?.position ?? begin;
  }

  async function subscribe(): Promise<void> {
    begin ??= await start();
    // The store may have taken long to answer. `close` ends what was opened before it, and waits for what runs.
    if (closed.aborted) return;
    const fromPosition = storePositionOf(events.at(-1)?.position ?? begin);
    const opened = await connection.run(OPEN_TIMEOUT_MS, async (client, library) =>
      client.subscribeToAll({ fromPosition, filter: library.streamNameFilter({ prefixes: [prefix] }) }),
    );
    // It can fail once more after its end was seen.
    opened.on('error', () => undefined);
    subscription = opened;
    for await (const { event } of opened) {
      const recorded = event && convert(event);
      if (closed.aborted) return;
      if (recorded === undefined) continue;
      keep(recorded);
      onEvent();
    }
  }

  async function run(): Promise<void> {
    while (!closed.aborted) {
      try {
        await subscribe();
      } catch (error) {
        if (!closed.aborted) onFault(error);
      }
      subscription = undefined;
      // Events may have come while nobody listened.
      if (!closed.aborted) onEvent();
      const { min, max } = RESUBSCRIBE_MS;
      await delay(min + Math.random() * (max - min), undefined, { signal: closed }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    after(position, maxCount) {
      if (begin === undefined || position < begin) return undefined;
      const first = events.findIndex((event) => event.position > position);
      if (first === -1) return undefined;
      const found = events.slice(first, first + maxCount);
      const last = found.at(-1);
      return last && { events: found, position: last.position, atEnd: false };
    },
    async close() {
      closing.abort();
      const open = subscription;
      open?.destroy();
      await open?.unsubscribe().catch(() => undefined);
      await running;
    },
  };
}
