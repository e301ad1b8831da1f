import type { StoreAddress } from '../../domain/event-store-url.ts';
import { type ClientLibrary, loadClientLibrary, type StoreClient } from './client-api.ts';
import { isAnswer, NoAnswer } from './faults.ts';

/** A client that did not reach the server is replaced, but not more often. */
const MIN_AGE_MS = 200;
/** Calls that still run on a replaced client may end. */
const RETIRED_AFTER_MS = 15_000;
const DISPOSE_WITHIN_MS = 2_000;

export interface StoreConnection {
  /**
   * Makes a call with the present client. After a call without an answer the client is replaced, because one that failed to
   * connect, or to find the cluster, can stay dead when the server is back. @throws NoAnswer, and errors of the client
   */
  run<Result>(
    timeoutMs: number,
    call: (client: StoreClient, library: ClientLibrary) => Promise<Result>,
  ): Promise<Result>;
  close(): Promise<void>;
}

interface Opened {
  readonly client: StoreClient;
  readonly since: number;
}

export function openStoreConnection(
  { connectionString }: StoreAddress,
  load: () => Promise<ClientLibrary> = loadClientLibrary,
): StoreConnection {
  const retired = new Map<StoreClient, NodeJS.Timeout>();
  let library: Promise<ClientLibrary> | undefined;
  let current: Opened | undefined;

  function opened({ KurrentDBClient }: ClientLibrary): StoreClient {
    current ??= {
      client: KurrentDBClient.connectionString(connectionString.reveal()),
      since: performance.now(),
    };
    return current.client;
  }

  function replace(client: StoreClient): void {
    if (current?.client !== client || performance.now() - current.since < MIN_AGE_MS) return;
    current = undefined;
    const timer = setTimeout(() => {
      retired.delete(client);
      void dispose(client);
    }, RETIRED_AFTER_MS);
    retired.set(client, timer.unref());
  }

  return {
    async run(timeoutMs, call) {
      library ??= load();
      const loaded = await library;
      const client = opened(loaded);
      try {
        return await inTime(timeoutMs, call(client, loaded));
      } catch (error) {
        if (!isAnswer(error)) replace(client);
        throw error;
      }
    },
    async close() {
      const clients = [...retired.keys(), ...(current ? [current.client] : [])];
      for (const timer of retired.values()) clearTimeout(timer);
      retired.clear();
      current = undefined;
      await Promise.all(clients.map(dispose));
    },
  };
}

async function dispose(client: StoreClient): Promise<void> {
  const disposed = async () => {
    await client.dispose();
    (await client.getChannel()).close();
  };
  await inTime(DISPOSE_WITHIN_MS, disposed()).catch(() => undefined);
}

/** The client's own deadlines do not hold for reads, nor for appends over a stream that hangs. */
async function inTime<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NoAnswer(`no answer in ${timeoutMs} ms`)), timeoutMs);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
