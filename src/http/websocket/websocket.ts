import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs } from 'graphql';
import { GraphQLError } from 'graphql';
import { handleProtocols, MessageType, makeServer, parseMessage } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { AuthenticationFailed, type Authenticator } from '../../application/ports/authenticator.ts';
import type { Metrics } from '../../application/ports/metrics.ts';
import type { RemoteSpan } from '../../application/ports/tracer.ts';
import type { Graphql } from '../../graphql/create-graphql.ts';
import { faultForLog, protocolError } from '../../graphql/pipeline/errors.ts';
import { authenticate } from '../authentication.ts';
import { userAgentOf } from '../caller.ts';
import type { ClientAddress } from '../client-address.ts';
import { Connection } from '../connections/connection.ts';
import type { OpenConnections } from '../connections/open-connections.ts';
import { answer, type StartedOperation, startOperation } from '../connections/operations.ts';
import type { SharedExecution } from '../connections/shared-execution.ts';
import type { LimitedSockets } from '../connections/socket-limits.ts';
import { deliver } from '../connections/subscriptions.ts';
import { type AllowedOrigins, isOwnOrigin } from '../cross-origin.ts';
import type { ObserveOperation } from '../observed-operations.ts';
import type { RefuseToken } from '../refused-tokens.ts';
import { readOperation } from '../request-body.ts';
import { MAX_BODY_BYTES } from '../request-fault.ts';
import { remoteSpanOf } from '../trace-context.ts';
import { CLOSE } from './close-codes.ts';
import { socketTransport } from './socket-transport.ts';

export interface WebSocketOptions {
  readonly graphql: Graphql;
  readonly metrics: Metrics;
  readonly observe: ObserveOperation;
  readonly authenticator: Authenticator;
  readonly clientAddress: ClientAddress;
  readonly refuseToken: RefuseToken;
  /** Other origins are refused. Clients that send no `Origin` are not browsers. */
  readonly corsOrigins: AllowedOrigins;
  /** Whether pages of this service may connect: it has some that do. */
  readonly ownPages: boolean;
  readonly logger: Pick<Logger, 'error'>;
  readonly connections: OpenConnections;
  readonly limits: LimitedSockets;
  readonly sharedExecution: SharedExecution;
  /** How long a client may take to send its token, in milliseconds. Default: 3,000. */
  readonly initTimeoutMs?: number | undefined;
}

const PATH = '/graphql';
const INIT_TIMEOUT_MS = 3_000;
/** GraphQL over WebSocket (graphql-transport-ws), on upgrade requests of the server. */
export function serveWebSockets(server: Server, options: WebSocketOptions): void {
  const { graphql, clientAddress, corsOrigins, ownPages, logger, metrics, connections, limits } = options;
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_BODY_BYTES,
    perMessageDeflate: false,
    // Its pongs would be kept without a bound for a client that does not read.
    autoPong: false,
    handleProtocols: (protocols) => handleProtocols(protocols),
  });
  const protocol = protocolServer(options);

  server.on('upgrade', (request, stream, head) => {
    const refusal = refusalOf(request);
    if (refusal !== undefined) return refuse(stream, refusal);
    sockets.handleUpgrade(request, stream, head, (socket) => open(socket, request, stream));
  });

  function refusalOf({ url, headers }: IncomingMessage): string | undefined {
    if (url?.split('?', 1)[0] !== PATH) return '404 Not Found';
    if (connections.isClosing) return '503 Service Unavailable';
    const { origin } = headers;
    const isAllowed = origin === undefined || corsOrigins.has(origin) || (ownPages && isOwnOrigin(headers));
    return isAllowed ? undefined : '403 Forbidden';
  }

  function open(socket: WebSocket, request: IncomingMessage, stream: Duplex): void {
    const { headers } = request;
    const connection = new Connection(
      socketTransport(socket),
      { ipAddress: clientAddress(request), userAgent: userAgentOf(headers['user-agent']) },
      graphql.services.now,
      graphql.callers,
    );
    connections.add(connection);
    limits.opened(connection, stream);
    metrics.socketOpened();
    const closeWith = (code: number, reason: string) => connection.closeBy(() => socket.close(code, reason));
    const client = { connection, closeWith, remoteSpan: remoteSpanOf(headers.traceparent) };
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => connection.send(text),
        close: (code = CLOSE.goingAway, reason = '') => closeWith(code, reason),
        onMessage: (handle) => {
          socket.on('message', (data) => {
            // The client may not know yet that the socket is closing.
            if (connection.isClosed) return;
            const text = String(data);
            handle(text).catch((error: unknown) => {
              if (isServerMessage(text)) return closeWith(CLOSE.badRequest, 'Invalid message received');
              logger.error({ fault: faultForLog(error) }, 'a WebSocket message failed unexpectedly');
              closeWith(CLOSE.internalError, 'Internal server error');
            });
          });
        },
      },
      client,
    );
    socket.on('ping', (data) => {
      if (connection.mayBeAnsweredPings) socket.pong(data);
    });
    socket.on('pong', () => connection.ponged());
    // After a broken or too large frame, ws closes the socket itself with the matching code.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      connection.ended();
      metrics.socketClosed();
      closed(code, String(reason)).catch((error: unknown) => {
        logger.error({ fault: faultForLog(error) }, 'a WebSocket could not be cleaned up');
      });
    });
  }
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

/** A client of the protocol. */
interface Client {
  readonly connection: Connection;
  /** Closes its socket with a code of the protocol. */
  closeWith(code: number, reason: string): void;
  /** The span that it opened its socket in: its operations belong to it. */
  readonly remoteSpan: RemoteSpan | undefined;
}

function protocolServer(options: WebSocketOptions) {
  const { graphql, authenticator, refuseToken, metrics, observe, connections, sharedExecution } = options;
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

  return makeServer<{ authorization?: unknown }, Client>({
    connectionInitWaitTimeout: options.initTimeoutMs ?? INIT_TIMEOUT_MS,

    async onConnect({ connectionParams, extra: { connection, closeWith } }) {
      const authorization = connectionParams?.authorization;
      // Otherwise it would be kept as long as the connection lives.
      if (connectionParams !== undefined) Reflect.deleteProperty(connectionParams, 'authorization');
      try {
        const principal = await authenticate(authorization, authenticator);
        return connections.admit(connection, principal);
      } catch (error) {
        if (!(error instanceof AuthenticationFailed)) throw error;
        refuseToken(error, connection.origin.ipAddress);
        if (error.reason === 'missing') closeWith(CLOSE.unauthorized, 'Unauthorized');
        else closeWith(CLOSE.forbidden, 'Forbidden');
        return false;
      }
    },

    onSubscribe({ extra: { connection, remoteSpan } }, id, payload) {
      const request = connection.requestContext(randomUUID());
      if (request === undefined) return refused(protocolError('UNAUTHENTICATED'));
      const observed = observe(request, { transport: 'websocket', parent: remoteSpan });
      const started = startOperation(graphql, connection, {
        id,
        request,
        observed,
        read: () => readOperation(payload),
      });
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
