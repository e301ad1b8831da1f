import { once } from 'node:events';
import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';

/** Where a connection breaks, counted from the first bytes that the client sends after the cut was armed. */
export type Cut =
  /** This share (0 to 1) of the client's next bytes gets through. */
  | { readonly kind: 'request'; readonly share: number }
  /** The request gets through whole; this many milliseconds later, or with the answer's first byte, all is over. */
  | { readonly kind: 'answer'; readonly afterMs: number };

export interface CuttingProxy {
  readonly port: number;
  /** Connections that were cut. */
  readonly cuts: number;
  /** The next requests are cut, one connection each. */
  arm(...cuts: readonly Cut[]): void;
  /** Cuts that were not needed do not come any more. */
  disarm(): void;
  /** While it is down, connections are refused and those that stand are broken. */
  goDown(): void;
  comeBack(): void;
  /** Breaks all connections; new ones lead to this server. */
  leadTo(target: NetConnectOpts): void;
  close(): Promise<void>;
}

/** Stands between a client and a server and breaks connections at chosen points, leaving both sides in doubt. */
export async function startCuttingProxy(firstTarget: NetConnectOpts): Promise<CuttingProxy> {
  let target = firstTarget;
  const armed: Cut[] = [];
  const open = new Set<Socket>();
  let cuts = 0;
  let down = false;

  const proxy = createServer((client) => {
    if (down) {
      client.destroy();
      return;
    }
    const server = connect(target);
    let broken = false;
    const breakNow = () => {
      broken = true;
      client.destroy();
      server.destroy();
    };
    const cut = () => {
      if (!broken) cuts += 1;
      breakNow();
    };
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on('error', breakNow);
      socket.on('close', () => {
        open.delete(socket);
        breakNow();
      });
    }
    let muted = false;
    client.on('data', (bytes) => {
      const next = muted ? undefined : armed.shift();
      switch (next?.kind) {
        case undefined:
          server.write(bytes);
          return;
        case 'request':
          muted = true;
          server.write(bytes.subarray(0, Math.floor(bytes.length * next.share)), cut);
          return;
        case 'answer':
          muted = true;
          server.write(bytes, () => setTimeout(cut, next.afterMs));
          return;
        default:
          return unknownCut(next);
      }
    });
    server.on('data', (bytes) => {
      if (muted) cut();
      else client.write(bytes);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');

  const breakAll = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: address.port,
    get cuts() {
      return cuts;
    },
    arm: (...next) => {
      armed.push(...next);
    },
    disarm() {
      armed.length = 0;
    },
    goDown() {
      down = true;
      breakAll();
    },
    comeBack() {
      down = false;
    },
    leadTo(next) {
      target = next;
      breakAll();
    },
    async close() {
      breakAll();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

function unknownCut(cut: never): never {
  throw new Error(`unknown cut ${JSON.stringify(cut)}`);
}
