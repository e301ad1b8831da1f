import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { EgressFailed, type EgressFault } from '../../application/ports/egress.ts';
import { admitAddresses, admitName, isAdmitted } from './admission.ts';
import type { AllowList } from './allow-list.ts';
import { alertFault } from './connection-fault.ts';
import type { LookUpName } from './name-lookup.ts';
import { familyOf } from './networks.ts';
import { connectPinned } from './pinned-connection.ts';
import type { EgressProxy, OpenSocket } from './proxy-tunnel.ts';
import type { Target } from './target.ts';
import type { TrustSource } from './trust.ts';

export interface GuardDeps {
  readonly allow: AllowList;
  readonly lookUpName: LookUpName;
  readonly openSocket: OpenSocket;
  readonly proxy: EgressProxy | undefined;
  readonly trust: TrustSource;
}

export interface GuardedConnector {
  /** For an undici dispatcher: every new connection is judged here, whatever was judged before. */
  readonly connect: buildConnector.connector;
  /** Whether there ever was a TCP connection to the target. */
  hasReached(target: Target): boolean;
  /** The alert with which the target ended TLS after a handshake; undefined if it sent none. */
  alertOf(target: Target): EgressFault | undefined;
}

/** Limits all that one connection receives: headers and bodies, and anything around and between them. */
const MAX_BYTES_A_CONNECTION = 1_048_576;

/** Makes the connections of one session. `signal` ends them. */
export function createGuardedConnector(
  { allow, lookUpName, openSocket, proxy, trust }: GuardDeps,
  caCertificate: string | null,
  signal: AbortSignal,
): GuardedConnector {
  const lookups = new Map<string, Promise<readonly string[]>>();
  const reached = new Set<string>();
  const alerts = new Map<string, EgressFault>();
  const connection = {
    openSocket,
    proxy,
    secureContext: () => trust(caCertificate),
    isAdmitted: (address: string, target: Target) => isAdmitted(address, target, allow),
    onConnected: (target: Target) => reached.add(endpoint(target)),
    onTlsError: (target: Target, error: Error) => {
      const fault = alertFault(error);
      if (fault !== undefined) alerts.set(endpoint(target), fault);
    },
    signal,
  };

  /** One look-up a host, so that a second answer cannot replace the judged one. */
  const addressesOf = (target: Target): Promise<readonly string[]> => {
    if (target.isAddress) return Promise.resolve([target.host]);
    const known = lookups.get(target.host);
    if (known !== undefined) return known;
    const isOperators = allow.opensName(target.host, target.port);
    // A name that does not exist has no addresses, so it is reported as unreachable.
    const found = lookUpName(target.host, { signal, isOperators }).catch(() => []);
    lookups.set(target.host, found);
    return found;
  };

  const open = async (target: Target): Promise<Socket> => {
    admitName(target, allow);
    const addresses = await addressesOf(target);
    admitAddresses(addresses, target, allow);
    return connectPinned(target, addresses, connection);
  };

  return {
    connect: (options, callback) => {
      open(targetOf(options)).then(
        (socket) => callback(null, readingLittle(socket)),
        (error: Error) => callback(error, null),
      );
    },
    hasReached: (target) => reached.has(endpoint(target)),
    alertOf: (target) => alerts.get(endpoint(target)),
  };
}

/** Parsers skip blank lines, interim answers and chunk extensions, without any limit. */
function readingLittle(socket: Socket): Socket {
  return socket.on('readable', () => {
    if (socket.bytesRead > MAX_BYTES_A_CONNECTION) socket.destroy(new EgressFailed({ kind: 'TOO_LARGE' }));
  });
}

function targetOf({ protocol, hostname, port }: buildConnector.Options): Target {
  const isSecure = protocol === 'https:';
  return {
    protocol: isSecure ? 'https:' : 'http:',
    host: hostname,
    port: port === '' ? (isSecure ? 443 : 80) : Number(port),
    isAddress: familyOf(hostname) !== undefined,
  };
}

function endpoint({ host, port }: Target): string {
  return `${host} ${port}`;
}
