import { once } from 'node:events';
import { isIPv6, type Socket } from 'node:net';
import { EgressFailed, type EgressFault } from '../../application/ports/egress.ts';
import { OperatorError } from '../../domain/errors.ts';
import { parseUrl } from '../../domain/parse-url.ts';
import { Secret } from '../../domain/secret.ts';

/** Begins a TCP connection to an address. The socket is destroyed when `signal` aborts. */
export type OpenSocket = (options: { host: string; port: number; signal: AbortSignal }) => Socket;

/** The operator's proxy, the only way out of some networks. */
export interface EgressProxy {
  readonly host: string;
  readonly port: number;
  /** For `Proxy-Authorization`; undefined if the proxy asks for no login. */
  readonly authorization: Secret | undefined;
}

/** EGRESS_PROXY is wrong. The message never repeats it, because it may hold a password. */
export class EgressProxyError extends OperatorError {
  override readonly name = 'EgressProxyError';
}

/** @throws EgressProxyError */
export function parseEgressProxy(text: Secret): EgressProxy {
  const url = parseUrl(text.reveal());
  const isBare = url !== undefined && url.pathname === '/' && url.search === '' && url.hash === '';
  const login = url === undefined ? undefined : decoded(`${url.username}:${url.password}`);
  if (!isBare || url.protocol !== 'http:' || url.hostname === '' || login === undefined) {
    throw new EgressProxyError(
      'EGRESS_PROXY must be the URL of a proxy, with http://, without a path, and with special characters of its login percent-encoded, such as http://user:password@proxy.internal:3128',
    );
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 80 : Number(url.port),
    authorization: login === ':' ? undefined : new Secret(`Basic ${Buffer.from(login).toString('base64')}`),
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const MAX_HEAD_BYTES = 16_384;
const END_OF_HEAD = '\r\n\r\n';

/**
 * Has the proxy connect to one of these addresses. It is given the address that was judged and never the name, which it
 * could resolve to another one.
 * @throws EgressFailed
 */
export async function openTunnel(
  proxy: EgressProxy,
  addresses: readonly string[],
  port: number,
  { openSocket, signal }: { readonly openSocket: OpenSocket; readonly signal: AbortSignal },
): Promise<Socket> {
  for (const address of addresses) {
    const socket = await connectTo(proxy, openSocket, signal);
    const status = await statusOf(
      socket,
      connectRequest(proxy, isIPv6(address) ? `[${address}]` : address, port),
      signal,
    );
    if (status >= 200 && status < 300) return socket;
    socket.destroy();
    if (status < 500) throw proxyFailed('REFUSED');
    // The proxy cannot reach this address; it may reach another one.
  }
  throw new EgressFailed({ kind: 'UNREACHABLE' });
}

async function connectTo({ host, port }: EgressProxy, openSocket: OpenSocket, signal: AbortSignal): Promise<Socket> {
  if (signal.aborted) throw new EgressFailed({ kind: 'UNREACHABLE' });
  const socket = openSocket({ host, port, signal });
  try {
    await Promise.race([
      once(socket, 'connect'),
      once(socket, 'close').then(() => Promise.reject(new Error('closed'))),
    ]);
    // Without a listener, the socket's next error would end the process.
    return socket.on('error', () => {});
  } catch {
    socket.destroy();
    throw proxyFailed('UNREACHABLE');
  }
}

function connectRequest({ authorization }: EgressProxy, host: string, port: number): string {
  const login = authorization === undefined ? '' : `Proxy-Authorization: ${authorization.reveal()}\r\n`;
  return `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n${login}\r\n`;
}

/** The status of the proxy's answer. What follows the answer stays in the socket. */
async function statusOf(socket: Socket, request: string, signal: AbortSignal): Promise<number> {
  socket.write(request);
  let head = Buffer.alloc(0);
  while (!head.includes(END_OF_HEAD)) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) {
      head = Buffer.concat([head, chunk]);
      if (head.length > MAX_HEAD_BYTES) throw ended(socket, { kind: 'PROXY_FAILED', reason: 'UNREACHABLE' });
    } else if (socket.destroyed || socket.readableEnded) {
      // A proxy that does not answer in time looks the same as a host that drops packets.
      throw ended(socket, signal.aborted ? { kind: 'UNREACHABLE' } : { kind: 'PROXY_FAILED', reason: 'UNREACHABLE' });
    } else {
      await readableOrClosed(socket);
    }
  }
  const end = head.indexOf(END_OF_HEAD) + END_OF_HEAD.length;
  const [, status] = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(head.toString('latin1')) ?? [];
  if (status === undefined) throw ended(socket, { kind: 'PROXY_FAILED', reason: 'UNREACHABLE' });
  if (end < head.length) socket.unshift(head.subarray(end));
  return Number(status);
}

function readableOrClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      for (const event of ['readable', 'end', 'close']) socket.off(event, go);
      resolve();
    };
    for (const event of ['readable', 'end', 'close']) socket.on(event, go);
  });
}

function ended(socket: Socket, fault: EgressFault): EgressFailed {
  socket.destroy();
  return new EgressFailed(fault);
}

function proxyFailed(reason: 'UNREACHABLE' | 'REFUSED'): EgressFailed {
  return new EgressFailed({ kind: 'PROXY_FAILED', reason });
}
