import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A server that answers each request with the test's text, HTTP or not. */
export interface ScriptedServer {
  readonly port: number;
  /** The bytes of the last answered request, as latin1. */
  lastRequest(): string;
  /** Requests so far. */
  requests(): number;
  /** Resolves when all connections so far have ended. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export async function startScriptedServer(
  answer: (socket: Socket) => void,
  host = '127.0.0.1',
): Promise<ScriptedServer> {
  const open = new Set<Socket>();
  let last = '';
  let requests = 0;
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    socket.on('data', (chunk) => {
      last = chunk.toString('latin1');
      requests++;
      answer(socket);
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  const idle = async () => {
    // A reset is an end too, but `once` would report it as a failure.
    await Promise.all([...open].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  };
  return {
    port: (server.address() as AddressInfo).port,
    lastRequest: () => last,
    requests: () => requests,
    idle,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
