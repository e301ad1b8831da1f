import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A forbidden target. It counts connections, and keeps what they send. */
export interface Victim {
  readonly port: number;
  /** Connections so far, with all that began before this call. */
  connections(): Promise<number>;
  /** All received bytes, as latin1. */
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
    // A complete answer, so that an http client comes to an end.
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
      // Connections are accepted in the order in which they were made: after this one, all earlier ones are accepted.
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

/** Counts the sockets that this process begins to connect from now on, to any target. */
export function countSockets(): { count(): number; stop(): void } {
  let created = 0;
  const onSocket = () => {
    created++;
  };
  subscribe('net.client.socket', onSocket);
  return { count: () => created, stop: () => unsubscribe('net.client.socket', onSocket) };
}
