import { setTimeout } from 'node:timers/promises';
import type { Authenticator, Revocations } from '../../application/ports/authenticator.ts';
import type { Principal } from '../../domain/permissions.ts';
import type { Connection } from './connection.ts';
import type { LimitedSockets } from './socket-limits.ts';

export interface OpenConnectionsDeps {
  readonly authenticator: Pick<Authenticator, 'acceptsKeyOf'>;
  /** Default: no token is revoked. */
  readonly revocations?: Revocations | undefined;
  readonly limits: LimitedSockets;
  /** The time between two pings, in milliseconds. A client that answers none is given up. Default: 12,000. */
  readonly keepAliveMs?: number | undefined;
  /** How often the keys of the tokens are checked, in milliseconds. Default: `KEY_CHECK_MS`. */
  readonly keyCheckMs?: number | undefined;
  /** How long `close` waits for running queries and mutations, in milliseconds. */
  readonly drainMs: number;
}

/** All WebSockets and event streams of this process. */
export interface OpenConnections {
  readonly size: number;
  /** True once `close` was called: nothing new is to be opened. */
  readonly isClosing: boolean;
  /** Keeps the connection until its client is gone. */
  add(connection: Connection): void;
  /** Gives the connection a place, for as long as the token lasts, or closes it. @returns whether it is open */
  admit(connection: Connection, principal: Principal): boolean;
  /** Lets queries and mutations finish, then closes every connection. Safe to call twice. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 12_000;
/** With the time until a removed key is known to be removed, its connections are closed within a minute. */
export const KEY_CHECK_MS = 5_000;

export function createOpenConnections(deps: OpenConnectionsDeps): OpenConnections {
  const { authenticator, revocations, limits, keepAliveMs = KEEP_ALIVE_MS, keyCheckMs = KEY_CHECK_MS } = deps;
  const connections = new Set<Connection>();
  let closing: Promise<void> | undefined;

  revocations?.onChange(() => {
    for (const connection of connections) connection.endIf(revocations.isRevoked);
  });

  const keepAlive = setInterval(() => {
    for (const connection of connections) connection.checkAlive();
  }, keepAliveMs);
  keepAlive.unref();

  const keyCheck = setInterval(() => {
    for (const connection of connections) void connection.endUnless(authenticator.acceptsKeyOf);
  }, keyCheckMs);
  keyCheck.unref();

  async function shutDown(): Promise<void> {
    const deadline = new AbortController();
    const late = setTimeout(deps.drainMs, undefined, { signal: deadline.signal }).catch(() => undefined);
    await Promise.all([...connections].map((connection) => connection.drain(late)));
    deadline.abort();
    await Promise.all([...connections].map(({ gone }) => gone));
    clearInterval(keepAlive);
    clearInterval(keyCheck);
  }

  return {
    get size() {
      return connections.size;
    },
    get isClosing() {
      return closing !== undefined;
    },
    add(connection) {
      connections.add(connection);
      void connection.gone.then(() => {
        connections.delete(connection);
        limits.closed(connection);
      });
    },
    admit(connection, principal) {
      if (connection.isClosed) return false;
      if (limits.authenticated(connection, principal)) connection.authenticated(principal);
      else connection.close('too many connections');
      return !connection.isClosed;
    },
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}
