import type { StoreAddress } from '../../domain/event-store-url.ts';
import {
  type AppendAnswer,
  type ClientLibrary,
  loadClientLibrary,
  type NewStoreEvent,
  type StoreClient,
} from './client-api.ts';
import { loginForAppends } from './client-login.ts';
import { isAnswer, isOverdue, NoAnswer } from './faults.ts';

/** A client that did not reach the server is replaced, but not more often. */
const MIN_AGE_MS = 200;
/** Calls that still run on a replaced client may end. */
const RETIRED_AFTER_MS = 15_000;
const DISPOSE_WITHIN_MS = 2_000;

/** All calls: @throws NoAnswer, and errors of the client. */
export interface StoreConnection {
  /**
   * Appends at the leader, with a login where the client needs one.
   * @param isCutShort whether the server gets less time than an answer may take: then none says nothing of the client
   */
  append(
    timeoutMs: number,
    stream: string,
    events: readonly NewStoreEvent[],
    streamState: bigint | 'no_stream',
    isCutShort?: boolean,
  ): Promise<AppendAnswer>;
  /**
   * Makes a call with the present client. After a call without an answer the client is replaced, because one that failed to
   * connect, or to find the cluster, can stay dead when the server is back.
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
  address: StoreAddress,
  load: () => Promise<ClientLibrary> = loadClientLibrary,
): StoreConnection {
  const credentials = loginForAppends(address);
  const retired = new Map<StoreClient, NodeJS.Timeout>();
  let library: Promise<ClientLibrary> | undefined;
  let current: Opened | undefined;

  function opened({ KurrentDBClient }: ClientLibrary): StoreClient {
    current ??= {
      client: KurrentDBClient.connectionString(address.connectionString.reveal()),
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

  async function run<Result>(
    timeoutMs: number,
    call: (client: StoreClient, library: ClientLibrary, over: AbortSignal) => Promise<Result>,
    isCutShort = false,
  ): Promise<Result> {
    library ??= load();
    const loaded = await library;
    const client = opened(loaded);
    try {
      return await inTime(timeoutMs, (over) => call(client, loaded, over));
    } catch (error) {
      const isLate = error instanceof NoAnswer || isOverdue(error);
      if (!isAnswer(error) && !(isLate && isCutShort)) replace(client);
      throw isOverdue(error) ? new NoAnswer(`no answer in ${timeoutMs} ms`, { cause: error }) : error;
    }
  }

  return {
    append(timeoutMs, stream, events, streamState, isCutShort) {
      const until = performance.now() + timeoutMs;
      const send = async (client: StoreClient, _library: ClientLibrary, over: AbortSignal) => {
        // It looks for the leader, for minutes if it must. An append that waited for it inside the client would be sent
        // long after its caller was told that it had failed, or, over a channel that is closed by then, end in a
        // rejection that nobody can handle.
        await client.getChannel();
        over.throwIfAborted();
        const deadline = Math.max(1, until - performance.now());
        return client.appendToStream(stream, events, { streamState, requiresLeader: true, deadline, credentials });
      };
      return run(timeoutMs, send, isCutShort);
    },
    run: (timeoutMs, call) => run(timeoutMs, call),
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
  await inTime(DISPOSE_WITHIN_MS, disposed).catch(() => undefined);
}

/** The client's own deadlines do not hold for reads, nor for appends over a stream that hangs. */
async function inTime<Result>(timeoutMs: number, begin: (over: AbortSignal) => Promise<Result>): Promise<Result> {
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new NoAnswer(`no answer in ${timeoutMs} ms`);
      over.abort(error);
      reject(error);
    }, timeoutMs);
  });
  const work = begin(over.signal);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
