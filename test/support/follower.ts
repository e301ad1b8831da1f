import { connected, type SocketClient } from './socket-client.ts';
import { openStream } from './stream-client.ts';

export const TRANSPORTS = ['websocket', 'sse'] as const;
export type FollowerTransport = (typeof TRANSPORTS)[number];

export interface Followed {
  /** Must take `$after`. */
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Goes on after it: over WebSocket as `after`, on an event stream as `Last-Event-ID`. */
  readonly cursor?: string | undefined;
}

/** A raw client that follows one subscription, over WebSocket or as an event stream. */
export interface Follower {
  readonly transport: FollowerTransport;
  /** The data of each event so far, as JSON. */
  events(): string[];
  /** When each of them came, in milliseconds of `performance.now`. */
  readonly arrivals: readonly number[];
  /** Resolves when the connection has ended: `said` is the close code, or the code of the last error. */
  readonly closed: Promise<{ readonly said: string; readonly at: number }>;
  /** Reads nothing any more. */
  stall(): void;
  /** Ends the connection without a word. */
  cut(): void;
}

/** @param url of `/graphql` @throws Error if it cannot connect */
export async function follow(
  transport: FollowerTransport,
  url: string,
  token: string,
  { query, variables, cursor }: Followed,
): Promise<Follower> {
  if (transport === 'sse') {
    const stream = await openStream(url, token, { query, variables: { ...variables }, lastEventId: cursor });
    return {
      transport,
      events: () => stream.events.filter(({ data }) => data.startsWith('{"data":')).map(({ data }) => data),
      arrivals: stream.arrivals,
      closed: stream.closed.then(({ at }) => ({ said: codeIn(stream.events.at(-2)?.data ?? ''), at })),
      stall: stream.pause,
      cut: stream.destroy,
    };
  }
  const client = await connected(url.replace(/^http/, 'ws'), token);
  const arrivals: number[] = [];
  client.socket.on('message', () => arrivals.push(performance.now()));
  client.subscribe('1', { query, variables: { ...variables, after: cursor } });
  return {
    transport,
    events: () => eventsOf(client),
    arrivals,
    closed: client.closed.then(({ code, at }) => ({ said: String(code), at })),
    stall: () => client.socket.pause(),
    cut: () => client.socket.terminate(),
  };
}

function eventsOf({ messages }: SocketClient): string[] {
  return messages.filter(({ type }) => type === 'next').map(({ payload }) => JSON.stringify(payload));
}

function codeIn(text: string): string {
  return /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? 'nothing';
}
