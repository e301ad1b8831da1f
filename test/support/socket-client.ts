import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface SocketMessage {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A raw client of graphql-transport-ws: it sends any message and keeps every answer. */
export interface SocketClient {
  readonly socket: WebSocket;
  readonly messages: readonly SocketMessage[];
  /** Resolves with the code when the socket has closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string; readonly at: number }>;
  send(message: unknown): void;
  subscribe(id: string, payload: unknown): void;
  /** The first message that the condition holds for, now or later. Rejects when the socket closes before. */
  received(condition: (message: SocketMessage) => boolean): Promise<SocketMessage>;
  /** The next message of this operation. */
  answer(id: string): Promise<SocketMessage>;
}

export interface ConnectOptions {
  /** Without the `Bearer ` prefix; undefined sends none. */
  readonly token?: string | undefined;
  /** Sends no `connection_init`. */
  readonly silent?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocol?: string;
}

/** @throws Error if the upgrade is refused */
export async function connect(url: string, options: ConnectOptions = {}): Promise<SocketClient> {
  const socket = new WebSocket(url, options.protocol ?? 'graphql-transport-ws', { headers: options.headers ?? {} });
  const messages: SocketMessage[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  const closed = new Promise<{ code: number; reason: string; at: number }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason), at: Date.now() }));
  });
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)));
    wake();
  });
  socket.on('close', wake);

  const client: SocketClient = {
    socket,
    messages,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    subscribe: (id, payload) => client.send({ type: 'subscribe', id, payload }),
    received(condition) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = messages.find(condition);
          if (found === undefined && socket.readyState !== WebSocket.CLOSED) return;
          waiting.delete(look);
          if (found === undefined) reject(new Error('the socket closed before the message came'));
          else resolve(found);
        };
        waiting.add(look);
        look();
      });
    },
    answer(id) {
      const seen = messages.filter((message) => message.id === id).length;
      let count = 0;
      return client.received((message) => {
        if (message.id !== id) return false;
        count += 1;
        return count > seen || seen === 0;
      });
    },
  };
  await once(socket, 'open');
  if (!options.silent) {
    const payload = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    client.send({ type: 'connection_init', payload });
  }
  return client;
}

/** Connected and acknowledged. */
export async function connected(url: string, token: string): Promise<SocketClient> {
  const client = await connect(url, { token });
  await client.received(({ type }) => type === 'connection_ack');
  return client;
}
