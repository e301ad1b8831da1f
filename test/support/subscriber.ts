import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface Subscriber<Item> {
  /** Everything that came so far. */
  readonly items: readonly Item[];
  /** The codes of the errors that came in place of data. */
  readonly codes: readonly string[];
  /** Whether the server ended it. */
  hasEnded(): boolean;
  close(): Promise<void>;
}

/** Subscribes over a separate WebSocket, without reconnecting. Resolves once the server accepts it. */
export async function subscribe<Item>(
  url: string,
  token: string,
  query: string,
  variables: Record<string, unknown>,
): Promise<Subscriber<Item>> {
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
  });
  await new Promise<void>((resolve, reject) => {
    client.on('connected', () => resolve());
    client.on('closed', () => reject(new Error('the socket was closed')));
  });
  const items: Item[] = [];
  const codes: string[] = [];
  let isEnded = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      isEnded = true;
      resolve();
    };
    client.subscribe(
      { query, variables },
      {
        next: ({ data, errors = [] }) => {
          codes.push(...errors.map(({ extensions }) => String(extensions?.code)));
          if (data) items.push(Object.values(data)[0] as Item);
        },
        error: () => end(),
        complete: () => end(),
      },
    );
  });
  return {
    items,
    codes,
    hasEnded: () => isEnded,
    async close() {
      await client.dispose();
      await ended;
    },
  };
}
