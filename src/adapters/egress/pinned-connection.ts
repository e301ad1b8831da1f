import { type Socket, SocketAddress } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import { EgressFailed } from '../../application/ports/egress.ts';
import { tlsFault } from './connection-fault.ts';
import { familyOf, networksOf } from './networks.ts';
import { type EgressProxy, type OpenSocket, openTunnel } from './proxy-tunnel.ts';
import { checkChain, checkIdentity } from './server-certificate.ts';
import { notAllowed, type Target } from './target.ts';

export interface ConnectionDeps {
  readonly openSocket: OpenSocket;
  /** Undefined: straight to the target. */
  readonly proxy: EgressProxy | undefined;
  readonly secureContext: () => SecureContext;
  /** Whether the target may be reached by this address. Checked once more with the socket's actual address. */
  readonly isAdmitted: (address: string, target: Target) => boolean;
  /** TCP is connected; TLS may not be. */
  readonly onConnected: (target: Target) => void;
  /** TLS ended with an error after its handshake. HTTP clients report only that the connection closed. */
  readonly onTlsError: (target: Target, error: Error) => void;
  readonly signal: AbortSignal;
}

/** If a host answers on one address family only, the other must not use up the deadline. */
const TRIES_PER_FAMILY = 2;
const TRY_MS = 2_500;

/**
 * Connects to one of these addresses without another look-up, and for https proves that the host is behind it.
 * @param addresses all of them admitted
 * @throws EgressFailed
 */
export async function connectPinned(
  target: Target,
  addresses: readonly string[],
  deps: ConnectionDeps,
): Promise<Socket> {
  // Before any connection: this throws if the caller's own authority is unreadable.
  const secureContext = target.protocol === 'https:' ? deps.secureContext() : undefined;
  const socket = await connected(target, inOrder(addresses), deps);
  deps.onConnected(target);
  return secureContext === undefined ? socket : secure(socket, target, secureContext, deps);
}

async function connected(target: Target, addresses: readonly string[], deps: ConnectionDeps): Promise<Socket> {
  // This machine is not behind the proxy: the proxy would connect to itself.
  const outside = addresses.filter((address) => !isLoopback(address));
  if (deps.proxy !== undefined && outside.length > 0) return openTunnel(deps.proxy, outside, target.port, deps);
  const socket = await connectToFirst(addresses, target.port, deps);
  const peer = socket.remoteAddress;
  if (peer === undefined || !addresses.some((address) => isSame(address, peer)) || !deps.isAdmitted(peer, target)) {
    socket.destroy();
    throw notAllowed('ADDRESS');
  }
  return socket;
}

async function connectToFirst(
  addresses: readonly string[],
  port: number,
  { openSocket, signal }: ConnectionDeps,
): Promise<Socket> {
  for (const [index, host] of addresses.entries()) {
    if (signal.aborted) break;
    const socket = openSocket({ host, port, signal });
    const isLast = index === addresses.length - 1;
    const timer = isLast ? undefined : setTimeout(() => socket.destroy(new Error('too slow')), TRY_MS);
    try {
      await eventOf(socket, 'connect');
      // Without a listener, the socket's next error would end the process.
      return socket.on('error', () => {});
    } catch {
      socket.destroy();
    } finally {
      clearTimeout(timer);
    }
  }
  throw new EgressFailed({ kind: 'UNREACHABLE' });
}

/** IPv4 first: on machines without a route for IPv6, packets are often dropped rather than refused. */
function inOrder(addresses: readonly string[]): readonly string[] {
  const ofFamily = (family: 'ipv4' | 'ipv6') =>
    addresses.filter((address) => familyOf(address) === family).slice(0, TRIES_PER_FAMILY);
  return [...ofFamily('ipv4'), ...ofFamily('ipv6')];
}

async function secure(
  socket: Socket,
  target: Target,
  secureContext: SecureContext,
  { signal, onTlsError }: ConnectionDeps,
): Promise<Socket> {
  const { host, isAddress } = target;
  const secured = connectTls({
    socket,
    // The certificate is checked against this; SNI allows names only.
    host,
    ...(isAddress ? {} : { servername: host }),
    secureContext,
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
    rejectUnauthorized: true,
    checkServerIdentity: checkIdentity(host, isAddress),
    ALPNProtocols: ['http/1.1'],
  });
  try {
    await eventOf(secured, 'secureConnect');
    checkChain(secured);
    return secured.on('error', (error) => onTlsError(target, error));
  } catch (error) {
    const fault = signal.aborted ? ({ kind: 'TIMED_OUT' } as const) : tlsFault(error, hasCertificate(secured));
    secured.destroy();
    throw new EgressFailed(fault);
  }
}

/** Whether the server has sent one. Null once the socket is destroyed. */
function hasCertificate(secured: TLSSocket): boolean {
  return Object.keys(secured.getPeerCertificate() ?? {}).length > 0;
}

/** Rejects if the socket closes first, even without an error, as when its underlying socket was destroyed. */
function eventOf(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

const LOOPBACK = networksOf('127.0.0.0/8', '::1/128');

function isLoopback(address: string): boolean {
  return LOOPBACK.has(address);
}

function isSame(address: string, other: string): boolean {
  return canonical(address) === canonical(other);
}

function canonical(address: string): string | undefined {
  const family = familyOf(address);
  return family === undefined ? undefined : new SocketAddress({ address, family }).address;
}
