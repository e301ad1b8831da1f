import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface Subscriber<Item> {
  /** Everything that came so far. */
  readonly items: readonly Item[];
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
  const ended = new Promise<void>((resolve) => {
    client.subscribe(
      { query, variables },
      {
        next: ({ data }) => {
          if (data) items.push(Object.values(data)[0] as Item);
        },
        error: () => resolve(),
        complete: () => resolve(),
      },
    );
  });
  return {
    items,
    async close() {
      await client.dispose();
      await ended;
    },
  };
}
