import type { Duplex } from 'node:stream';
import { networkOf } from '../../domain/network.ts';
import { callerKey, type Principal } from '../../domain/permissions.ts';
import type { Connection } from './connection.ts';

export interface SocketLimits {
  /** Sockets whose client has not sent a valid token yet: altogether, of one address, and of one network (/24, /64). */
  readonly maxWaiting: number;
  readonly maxWaitingOfAddress: number;
  readonly maxWaitingOfNetwork: number;
  /** Sockets with a token: altogether, and of one subject. */
  readonly maxAuthenticated: number;
  readonly maxOfSubject: number;
}

export const DEFAULT_SOCKET_LIMITS: SocketLimits = {
  // Large enough for all clients of a proxy to connect anew at the same time.
  maxWaiting: 2_000,
  maxWaitingOfAddress: 500,
  maxWaitingOfNetwork: 1_000,
  maxAuthenticated: 10_000,
  maxOfSubject: 5_000,
};

/** What a client may send before its token is verified: a token has at most 8 KiB. */
const MAX_BYTES_WITHOUT_TOKEN = 16 * 1024;

export interface LimitedSockets {
  /** A new socket. If there are too many without a token, the one that has waited longest is cut. */
  opened(connection: Connection, stream: Duplex): void;
  /** False if there are too many sockets, of this subject or altogether. */
  authenticated(connection: Connection, principal: Principal): boolean;
  closed(connection: Connection): void;
}

/** Sockets without a token have places of their own, so that they take none from callers with one. */
export function createLimitedSockets(limits: SocketLimits): LimitedSockets {
  const waiting = new Map<Connection, () => void>();
  const waitingOf = new Map<string, Set<Connection>>();
  const subjectOf = new Map<Connection, string>();
  const ofSubject = new Map<string, number>();

  function groupsOf({ origin }: Connection): readonly [string, string] {
    const address = origin.ipAddress ?? 'unknown';
    // An address never equals a network, but a text that is no address equals its own network.
    return [`address ${address}`, `network ${networkOf(address)}`];
  }

  function join(group: string, connection: Connection): Set<Connection> {
    const members = waitingOf.get(group) ?? new Set();
    waitingOf.set(group, members.add(connection));
    return members;
  }

  function waitNoLonger(connection: Connection): void {
    const stopCounting = waiting.get(connection);
    if (stopCounting === undefined) return;
    stopCounting();
    waiting.delete(connection);
    for (const group of groupsOf(connection)) {
      const members = waitingOf.get(group);
      members?.delete(connection);
      if (members?.size === 0) waitingOf.delete(group);
    }
  }

  /** Sets and maps keep the order of arrival. */
  function cutOldest(members: Iterable<Connection>): void {
    const [oldest] = members;
    if (oldest === undefined) return;
    waitNoLonger(oldest);
    oldest.terminate();
  }

  return {
    opened(connection, stream) {
      let received = 0;
      const count = (chunk: Buffer): void => {
        received += chunk.length;
        if (received > MAX_BYTES_WITHOUT_TOKEN) connection.terminate();
      };
      stream.on('data', count);
      waiting.set(connection, () => stream.off('data', count));
      const [address, network] = groupsOf(connection).map((group) => join(group, connection));
      if (address && address.size > limits.maxWaitingOfAddress) cutOldest(address);
      if (network && network.size > limits.maxWaitingOfNetwork) cutOldest(network);
      if (waiting.size > limits.maxWaiting) cutOldest(waiting.keys());
    },

    authenticated(connection, principal) {
      waitNoLonger(connection);
      const key = callerKey(principal);
      const known = ofSubject.get(key) ?? 0;
      if (known >= limits.maxOfSubject || subjectOf.size >= limits.maxAuthenticated) return false;
      ofSubject.set(key, known + 1);
      subjectOf.set(connection, key);
      return true;
    },

    closed(connection) {
      waitNoLonger(connection);
      const key = subjectOf.get(connection);
      if (key === undefined) return;
      subjectOf.delete(connection);
      const left = (ofSubject.get(key) ?? 1) - 1;
      if (left === 0) ofSubject.delete(key);
      else ofSubject.set(key, left);
    },
  };
}
