import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const QUERY = `subscription ($projectId: ID!, $after: String) {
  rotationNotices(projectId: $projectId, after: $after) { cursor } }`;
const RECONNECT_MS = 100;

export interface NoticeFollower {
  /** Of every notice that came, in the order in which they came. */
  readonly cursors: readonly string[];
  readonly connections: number;
  stop(): Promise<void>;
}

export interface NoticeFollowerOptions {
  /** Where the next connection leads. */
  readonly nextUrl: () => string;
  readonly token: string;
  readonly projectId: string;
  /** Where it begins. */
  readonly after: string;
}

/** A subscriber as clients are: after every end of its connection it goes to another replica, with its last cursor. */
export function followNotices({ nextUrl, token, projectId, after }: NoticeFollowerOptions): NoticeFollower {
  const cursors: string[] = [];
  let connections = 0;
  let stopped = false;
  let disconnect = () => undefined as unknown;

  async function connection(): Promise<void> {
    const client = createClient({
      url: `${nextUrl().replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
      onNonLazyError: () => undefined,
    });
    disconnect = () => client.terminate();
    const variables = { projectId, after: cursors.at(-1) ?? after };
    try {
      for await (const { data } of client.iterate<{ rotationNotices: { cursor: string } }>({
        query: QUERY,
        variables,
      })) {
        if (data) cursors.push(data.rotationNotices.cursor);
      }
    } catch {
      // The connection ended.
    } finally {
      await client.dispose();
    }
  }

  const following = (async () => {
    while (!stopped) {
      connections += 1;
      await connection();
      if (!stopped) await delay(RECONNECT_MS);
    }
  })();
  return {
    cursors,
    get connections() {
      return connections;
    },
    async stop() {
      stopped = true;
      disconnect();
      await following;
    },
  };
}
