import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { ExecutionArgs } from 'graphql';
import { GraphQLError } from 'graphql';
import { handleProtocols, MessageType, makeServer, parseMessage } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { AuthenticationFailed, type Authenticator, type Revocations } from '../../application/ports/authenticator.ts';
import type { Metrics } from '../../application/ports/metrics.ts';
import type { Graphql } from '../../graphql/create-graphql.ts';
import { faultForLog } from '../../graphql/pipeline/errors.ts';
import { authenticate } from '../authentication.ts';
import { userAgentOf } from '../caller.ts';
import type { ClientAddress } from '../client-address.ts';
import type { AllowedOrigins } from '../cross-origin.ts';
import type { ObserveOperation } from '../observed-operations.ts';
import type { RefuseToken } from '../refused-tokens.ts';
import { MAX_BODY_BYTES } from '../request-fault.ts';
import { remoteSpanOf } from '../trace-context.ts';
import { CLOSE } from './close-codes.ts';
import { Connection } from './connection.ts';
import { answer, type StartedOperation, startOperation } from './operations.ts';
import { createSharedExecution } from './shared-execution.ts';
import {
  createLimitedSockets,
  DEFAULT_SOCKET_LIMITS,
  type LimitedSockets,
  type SocketLimits,
} from './socket-limits.ts';
import { deliver } from './subscriptions.ts';

export interface WebSocketOptions {
  readonly graphql: Graphql;
  readonly metrics: Metrics;
  readonly observe: ObserveOperation;
  readonly authenticator: Authenticator;
  /** Default: no token is revoked. */
  readonly revocations?: Revocations;
  readonly clientAddress: ClientAddress;
  readonly refuseToken: RefuseToken;
  /** Other origins are refused. Clients that send no `Origin` are not browsers. */
  readonly corsOrigins: AllowedOrigins;
  readonly logger: Pick<Logger, 'error'>;
  /** What is left out is as in `DEFAULT_SOCKET_LIMITS`. */
  readonly socketLimits?: Partial<SocketLimits>;
  /** How long a client may take to send its token, in milliseconds. Default: 3,000. */
  readonly initTimeoutMs?: number;
  /** The time between two pings, in milliseconds. A client that answers none is cut off. Default: 12,000. */
  readonly keepAliveMs?: number;
  /** How often the keys of open connections' tokens are checked, in milliseconds. Default: `KEY_CHECK_MS`. */
  readonly keyCheckMs?: number;
  /** How long `close` waits for running queries and mutations, in milliseconds. */
  readonly drainMs: number;
}

export interface WebSocketEndpoint {
  readonly connections: number;
  /** Lets queries and mutations finish, then closes every socket with 1001. Safe to call twice. */
  close(): Promise<void>;
}

const PATH = '/graphql';
/** With the time until a removed key is known to be removed, its sockets are closed within a minute. */
export const KEY_CHECK_MS = 5_000;

/** GraphQL over WebSocket (graphql-transport-ws), on upgrade requests of the server. */
export function serveWebSockets(server: Server, options: WebSocketOptions): WebSocketEndpoint {
  const { graphql, authenticator, clientAddress, corsOrigins, logger, metrics, revocations } = options;
  const { socketLimits, keepAliveMs = 12_000, keyCheckMs = KEY_CHECK_MS, drainMs } = options;
  const limited = createLimitedSockets({ ...DEFAULT_SOCKET_LIMITS, ...socketLimits });
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_BODY_BYTES,
    perMessageDeflate: false,
    // Its pongs would be kept without a bound for a client that does not read.
    autoPong: false,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });
  const connections = new Set<Connection>();
  const protocol = protocolServer(options, limited);
  let closing: Promise<void> | undefined;

  server.on('upgrade', (request, stream, head) => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) return refuse(stream, refusal);
    sockets.handleUpgrade(request, stream, head, (socket) => open(socket, request, stream));
  });

  function refusalOf({ url, headers }: IncomingMessage): string | undefined {
    if (url?.split('?', 1)[0] !== PATH) return '404 Not Found';
    if (closing !== undefined) return '503 Service Unavailable';
    if (headers.origin !== undefined && !corsOrigins.has(headers.origin)) return '403 Forbidden';
    return undefined;
  }

  function open(socket: WebSocket, request: IncomingMessage, stream: Duplex): void {
    const connection = new Connection(
      socket,
      {
        ipAddress: clientAddress(request),
        userAgent: userAgentOf(request.headers['user-agent']),
        remoteSpan: remoteSpanOf(request.headers.traceparent),
      },
      graphql.services.now,
      graphql.callers,
    );
    connections.add(connection);
    limited.opened(connection, stream);
    metrics.socketOpened();
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => connection.send(text),
        close: (code = CLOSE.goingAway, reason = '') => connection.close(code, reason),
        onMessage: (handle) => {
          socket.on('message', (data) => {
            // The client may not know yet that the socket is closing.
            if (connection.isClosed) return;
            const text = String(data);
            handle(text).catch((error: unknown) => {
              if (isServerMessage(text)) return connection.close(CLOSE.badRequest, 'Invalid message received');
              logger.error({ fault: faultForLog(error) }, 'a WebSocket message failed unexpectedly');
              connection.close(CLOSE.internalError, 'Internal server error');
            });
          });
        },
      },
      connection,
    );
    socket.on('ping', (data) => connection.pinged(data));
    socket.on('pong', () => connection.ponged());
    // After a broken or too large frame, ws closes the socket itself with the matching code.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      connection.ended();
      connections.delete(connection);
      limited.closed(connection);
      metrics.socketClosed();
      closed(code, String(reason)).catch((error: unknown) => {
        logger.error({ fault: faultForLog(error) }, 'a WebSocket could not be cleaned up');
      });
    });
  }

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
    const late = setTimeout(drainMs, undefined, { signal: deadline.signal }).catch(() => undefined);
    await Promise.all([...connections].map((connection) => connection.drain(late)));
    deadline.abort();
    await Promise.all([...connections].map(({ socket }) => closedSocket(socket)));
    clearInterval(keepAlive);
    clearInterval(keyCheck);
    sockets.close();
  }

  return {
    get connections() {
      return connections.size;
    },
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}

function closedSocket(socket: WebSocket): Promise<void> {
  if (socket.readyState === socket.CLOSED) return Promise.resolve();
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}

function refuse(stream: Duplex, status: string): void {
  stream.on('error', () => undefined);
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** graphql-ws takes a message that only servers send for a fault of the server. */
function isServerMessage(text: string): boolean {
  try {
    return SERVER_MESSAGES.has(parseMessage(text).type);
  } catch {
    return false;
  }
}

const SERVER_MESSAGES: ReadonlySet<MessageType> = new Set([
  MessageType.ConnectionAck,
  MessageType.Next,
  MessageType.Error,
]);

function protocolServer(options: WebSocketOptions, limited: LimitedSockets) {
  const { graphql, authenticator, refuseToken, metrics, observe, initTimeoutMs = 3_000 } = options;
  const sharedExecution = createSharedExecution(graphql.executor);
  const startedBy = new WeakMap<ExecutionArgs, { connection: Connection; started: StartedOperation }>();

  function startedWith(args: ExecutionArgs): { connection: Connection; started: StartedOperation } {
    const found = startedBy.get(args);
    if (found === undefined) throw new Error('an operation runs that was not admitted');
    return found;
  }

  function refused(error: GraphQLError): readonly GraphQLError[] {
    metrics.operationRefused(String(error.extensions.code));
    return [error];
  }

  return makeServer<{ authorization?: unknown }, Connection>({
    connectionInitWaitTimeout: initTimeoutMs,

    async onConnect({ connectionParams, extra: connection }) {
      const authorization = connectionParams?.authorization;
      // Otherwise it would be kept as long as the connection lives.
      if (connectionParams !== undefined) Reflect.deleteProperty(connectionParams, 'authorization');
      try {
        const principal = await authenticate(authorization, authenticator);
        if (connection.isClosed) return false;
        if (limited.authenticated(connection, principal)) connection.authenticated(principal);
        else connection.close(CLOSE.tryAgainLater, 'Too many connections');
        return !connection.isClosed;
      } catch (error) {
        if (!(error instanceof AuthenticationFailed)) throw error;
        refuseToken(error, connection.origin.ipAddress);
        if (error.reason === 'missing') connection.close(CLOSE.unauthorized, 'Unauthorized');
        else connection.close(CLOSE.forbidden, 'Forbidden');
        return false;
      }
    },

    onSubscribe({ extra: connection }, id, payload) {
      const started = startOperation({ graphql, observe }, connection, id, payload);
      if (started instanceof Promise) return started.then(refused);
      if (started instanceof GraphQLError) return refused(started);
      const args: ExecutionArgs = {
        schema: graphql.schema,
        document: started.document,
        operationName: started.operationName,
        variableValues: started.variables,
        contextValue: started.context,
      };
      startedBy.set(args, { connection, started });
      return args;
    },

    execute(args) {
      const { connection, started } = startedWith(args);
      return answer(graphql, connection, started);
    },

    subscribe(args) {
      const { connection, started } = startedWith(args);
      return deliver({ graphql, sharedExecution, metrics }, connection, started);
    },
  });
}
