import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  readonly port: number;
  /** What it was asked to connect to, such as `192.0.2.7:443`. */
  readonly targets: readonly string[];
  /** The logins that came, undefined where there was none. */
  readonly logins: readonly (string | undefined)[];
  /** Connections that it took. */
  connections(): number;
  close(): Promise<void>;
}

/** What the proxy does with a request to connect: it answers itself, or connects to this port of this machine. */
export type ProxyAnswer = (target: string, client: Socket) => number | undefined;

/** A proxy that takes CONNECT (RFC 9110, 9.3.6) and nothing else. */
export async function startConnectProxy(answer: ProxyAnswer): Promise<ConnectProxy> {
  const targets: string[] = [];
  const logins: (string | undefined)[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connection', (socket) => {
    connections++;
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
  });
  server.on('connect', ({ url = '', headers }, client: Socket, head) => {
    targets.push(url);
    logins.push(headers['proxy-authorization']);
    const port = answer(url, client);
    if (port === undefined) return;
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    targets,
    logins,
    connections: () => connections,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
