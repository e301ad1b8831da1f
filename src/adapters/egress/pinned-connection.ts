import { type Socket, SocketAddress } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { EgressFailed } from '../../application/ports/egress.ts';
import { tlsFault } from './connection-fault.ts';
import { familyOf } from './networks.ts';
import { notAllowed, type Target } from './target.ts';

/** Begins a TCP connection to an address. It is destroyed once `signal` aborts. */
export type OpenSocket = (options: { host: string; port: number; signal: AbortSignal }) => Socket;

export interface ConnectionDeps {
  readonly openSocket: OpenSocket;
  readonly secureContext: () => SecureContext;
  /** Whether the target may be reached by this address: asked once more of the address that the socket has. */
  readonly isAdmitted: (address: string, target: Target) => boolean;
  /** TCP stands, TLS may not. */
  readonly onConnected: (target: Target) => void;
  readonly signal: AbortSignal;
}

/** A host that answers on one of its families only must not use up the deadline on the other. */
const TRIES_PER_FAMILY = 2;
const TRY_MS = 2_500;

/**
 * Connects to one of these addresses, by no name and no further look-up, and for https proves that the host is behind it.
 * @param addresses all admitted
 * @throws EgressFailed
 */
export async function connectPinned(
  target: Target,
  addresses: readonly string[],
  deps: ConnectionDeps,
): Promise<Socket> {
  // Before anything is opened: the caller's own authority may be unreadable.
  const secureContext = target.protocol === 'https:' ? deps.secureContext() : undefined;
  const socket = await connectToFirst(inOrder(addresses), target.port, deps);
  const peer = socket.remoteAddress;
  if (peer === undefined || !addresses.some((address) => isSame(address, peer)) || !deps.isAdmitted(peer, target)) {
    socket.destroy();
    throw notAllowed('ADDRESS');
  }
  deps.onConnected(target);
  return secureContext === undefined ? socket : secure(socket, target, secureContext, deps.signal);
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
      // A socket without a listener brings the process down with its next error.
      return socket.on('error', () => {});
    } catch {
      socket.destroy();
    } finally {
      clearTimeout(timer);
    }
  }
  throw new EgressFailed({ kind: 'UNREACHABLE' });
}

/** IPv4 first: where a machine has no way out by IPv6, packets are often dropped rather than refused. */
function inOrder(addresses: readonly string[]): readonly string[] {
  const ofFamily = (family: 'ipv4' | 'ipv6') =>
    addresses.filter((address) => familyOf(address) === family).slice(0, TRIES_PER_FAMILY);
  return [...ofFamily('ipv4'), ...ofFamily('ipv6')];
}

async function secure(
  socket: Socket,
  { host, isAddress }: Target,
  secureContext: SecureContext,
  signal: AbortSignal,
): Promise<Socket> {
  const secured = connectTls({
    socket,
    // The certificate is held against this; SNI knows names only.
    host,
    ...(isAddress ? {} : { servername: host }),
    secureContext,
    // Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
  });
  try {
    await eventOf(secured, 'secureConnect');
    return secured;
  } catch (error) {
    secured.destroy();
    throw new EgressFailed(signal.aborted ? { kind: 'TIMED_OUT' } : tlsFault(error));
  }
}

/** Rejects where the socket ends before: also in silence, as it does when another part of it was destroyed. */
function eventOf(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

function isSame(address: string, other: string): boolean {
  return canonical(address) === canonical(other);
}

function canonical(address: string): string | undefined {
  const family = familyOf(address);
  return family === undefined ? undefined : new SocketAddress({ address, family }).address;
}
