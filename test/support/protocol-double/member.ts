import { once } from 'node:events';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';

export interface Tls {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

/** One address of the protocol double. It can refuse connections and break those that stand. */
export interface Member {
  readonly port: number;
  readonly accepts: boolean;
  readonly server: Server;
  /** Listens, on the port of before if it had one. */
  accept(): Promise<void>;
  /** Nothing listens any more, and all connections are broken. */
  refuse(): Promise<void>;
  /** Breaks the connection from this address; without one, all. */
  breakConnections(peer?: string): void;
}

/** @param port 0 for any that is free */
export function createMember(port: number, tls: Tls | undefined): Member {
  const server = new Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 });
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ cert_chain: tls.certificate, private_key: tls.key }])
    : ServerCredentials.createInsecure();
  const injector = server.createConnectionInjector(credentials);
  const sockets = new Map<string, Socket>();
  let listening: NetServer | undefined;
  let ownPort = port;

  function take(socket: Socket): void {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.set(peer, socket);
    socket.once('close', () => sockets.delete(peer));
    socket.on('error', () => socket.destroy());
    injector.injectConnection(socket);
  }

  return {
    get port() {
      return ownPort;
    },
    get accepts() {
      return listening !== undefined;
    },
    server,
    async accept() {
      if (listening) return;
      listening = createServer(take);
      listening.listen(ownPort, '127.0.0.1');
      await once(listening, 'listening');
      const address = listening.address();
      if (address === null || typeof address === 'string') throw new Error('the protocol double has no port');
      ownPort = address.port;
    },
    async refuse() {
      const before = listening;
      listening = undefined;
      if (!before) return;
      const closed = once(before, 'close');
      before.close();
      for (const socket of sockets.values()) socket.resetAndDestroy();
      await closed;
    },
    breakConnections(peer) {
      for (const [address, socket] of sockets) if (peer === undefined || peer === address) socket.resetAndDestroy();
    },
  };
}
