import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';

export interface DelayingProxy {
  readonly port: number;
  /** From now on, bytes arrive this many milliseconds after they were sent, in both directions. */
  delay(milliseconds: number): void;
  close(): Promise<void>;
}

/** Stands between a client and a server like a long line: nothing is lost and nothing overtakes. */
export async function startDelayingProxy(target: NetConnectOpts, host = '127.0.0.1'): Promise<DelayingProxy> {
  const open = new Set<Socket>();
  let delayMs = 0;

  /** Later bytes never overtake earlier ones: timers with equal times fire in order, and one that is due sooner waits. */
  function forward(from: Socket, to: Socket): void {
    let lastAt = 0;
    const later = (act: () => void) => {
      lastAt = Math.max(lastAt, performance.now() + delayMs);
      setTimeout(act, lastAt - performance.now());
    };
    from.on('data', (bytes) => later(() => to.write(bytes)));
    from.on('close', () => later(() => to.destroy()));
  }

  const proxy = createServer((client) => {
    const server = connect(target);
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => open.delete(socket));
    }
    forward(client, server);
    forward(server, client);
  });
  proxy.listen(0, host);
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    delay(milliseconds) {
      delayMs = milliseconds;
    },
    async close() {
      for (const socket of open) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
