import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What nobody must get to: it counts who does, and keeps what they say. */
export interface Victim {
  readonly port: number;
  /** Connections so far; all that began before this call are counted. */
  connections(): Promise<number>;
  /** All bytes that ever came in, as latin1. */
  heard(): string;
  close(): Promise<void>;
}

/** @param host default: every address of this machine, of either family */
export async function startVictim(host = '::', port = 0): Promise<Victim> {
  const sockets = new Set<Socket>();
  const chunks: string[] = [];
  const acceptedFrom = new Set<number | undefined>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted++;
    acceptedFrom.add(socket.remotePort);
    sockets.add(socket);
    socket.on('data', (chunk) => chunks.push(chunk.toString('latin1')));
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    // A whole answer, so that whoever speaks http comes to an end.
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}'));
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const reachable = host === '::' ? '127.0.0.1' : host;
  let own = 0;
  return {
    port: address.port,
    async connections() {
      // Connections are accepted in the order they were made: once this one is, all earlier ones have been.
      own++;
      const last = connect(address.port, reachable);
      await once(last, 'connect');
      while (!acceptedFrom.has(last.localPort)) await once(server, 'connection');
      last.destroy();
      return accepted - own;
    },
    heard: () => chunks.join(''),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** How many sockets this process has begun to connect from here on, wherever to. */
export function countSockets(): { count(): number; stop(): void } {
  let created = 0;
  const onSocket = () => {
    created++;
  };
  subscribe('net.client.socket', onSocket);
  return { count: () => created, stop: () => unsubscribe('net.client.socket', onSocket) };
}
