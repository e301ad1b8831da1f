import type { Duplex } from 'node:stream';
import { networkOf } from '../../domain/network.ts';
import { callerKey, type Principal } from '../../domain/permissions.ts';
import type { Connection } from './connection.ts';

/** A socket is a WebSocket or an event stream. An event stream has its token from the beginning. */
export interface SocketLimits {
  /** Sockets whose client has not sent a valid token yet: altogether, of one address, and of one network (/24, /64). */
  readonly maxWaiting: number;
  readonly maxWaitingOfAddress: number;
  readonly maxWaitingOfNetwork: number;
  /** Sockets with a token: altogether, and of one caller (issuer and subject). */
  readonly maxAuthenticated: number;
  readonly maxOfCaller: number;
}

export const DEFAULT_SOCKET_LIMITS: SocketLimits = {
  // Large enough for all clients of a proxy to connect anew at the same time.
  maxWaiting: 2_000,
  maxWaitingOfAddress: 500,
  maxWaitingOfNetwork: 1_000,
  maxAuthenticated: 10_000,
  // Of a frontend with one subject: a thousand clients, and their sockets of before that are not known to be gone yet.
  maxOfCaller: 1_500,
};

/** What a client may send before its token is verified: a token has at most 8 KiB. */
const MAX_BYTES_WITHOUT_TOKEN = 16 * 1024;

export interface LimitedSockets {
  /** A new socket. If there are too many without a token, the one that has waited longest is cut. */
  opened(connection: Connection, stream: Duplex): void;
  /**
   * False if there are too many sockets of this caller, or altogether. In the latter case a caller with more of them gives
   * one up: the newest on which nothing runs, or else the newest.
   */
  authenticated(connection: Connection, principal: Principal): boolean;
  closed(connection: Connection): void;
}

/** Sockets without a token have places of their own, so that they take none from callers with one. */
export function createLimitedSockets(limits: SocketLimits): LimitedSockets {
  const waiting = new Map<Connection, () => void>();
  const waitingOf = new Map<string, Set<Connection>>();
  const callerOf = new Map<Connection, string>();
  const ofCaller = new Map<string, Set<Connection>>();

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
    oldest.cut();
  }

  function leave(connection: Connection): void {
    const caller = callerOf.get(connection);
    if (caller === undefined) return;
    callerOf.delete(connection);
    const members = ofCaller.get(caller);
    members?.delete(connection);
    if (members?.size === 0) ofCaller.delete(caller);
  }

  /** False if nobody has more sockets than a caller that has so many. */
  function makeRoomFor(known: number): boolean {
    let most: ReadonlySet<Connection> = new Set();
    for (const members of ofCaller.values()) if (members.size > most.size) most = members;
    const given = most.size > known + 1 ? toGiveUp(most) : undefined;
    if (given === undefined) return false;
    leave(given);
    given.close('too many connections');
    return true;
  }

  return {
    opened(connection, stream) {
      let received = 0;
      const count = (chunk: Buffer): void => {
        received += chunk.length;
        if (received > MAX_BYTES_WITHOUT_TOKEN) connection.cut();
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
      const known = ofCaller.get(key)?.size ?? 0;
      if (known >= limits.maxOfCaller) return false;
      if (callerOf.size >= limits.maxAuthenticated && !makeRoomFor(known)) return false;
      ofCaller.set(key, (ofCaller.get(key) ?? new Set()).add(connection));
      callerOf.set(connection, key);
      return true;
    },

    closed(connection) {
      waitNoLonger(connection);
      leave(connection);
    },
  };
}

/** Sets keep the order of arrival. */
function toGiveUp(members: Iterable<Connection>): Connection | undefined {
  const newestFirst = [...members].reverse();
  return newestFirst.find(({ operations }) => operations.size === 0) ?? newestFirst[0];
}
