import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import type { BeginAuditExport } from '../application/audit/begin-audit-export.ts';
import type { Authenticator, Revocations } from '../application/ports/authenticator.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { SignedRequests } from '../application/ports/signed-requests.ts';
import { NO_TRACER, type Tracer } from '../application/ports/tracer.ts';
import type { WorkloadIssuer } from '../application/ports/workload-tokens.ts';
import { badUserInput } from '../domain/errors.ts';
import type { Graphql } from '../graphql/create-graphql.ts';
import { faultForLog, publicErrorOf } from '../graphql/pipeline/errors.ts';
import { JSON_TYPE } from './answer-type.ts';
import { auditExportRoute } from './audit-export.ts';
import { calendarRoute } from './calendar.ts';
import { requestIdOf } from './caller.ts';
import { createClientAddress, type TrustedProxies } from './client-address.ts';
import { clientFiles } from './client-files.ts';
import { createOpenConnections } from './connections/open-connections.ts';
import { createSharedExecution } from './connections/shared-execution.ts';
import { createLimitedSockets, DEFAULT_SOCKET_LIMITS, type SocketLimits } from './connections/socket-limits.ts';
import { type ConsoleOptions, consoleRoutes } from './console/console.ts';
import { credentialRoutes } from './credentials/credential-routes.ts';
import { dockerCredential } from './credentials/docker-credential.ts';
import { externalSecrets } from './credentials/external-secrets.ts';
import { kubelet } from './credentials/kubelet.ts';
import { woodpecker } from './credentials/woodpecker.ts';
import { allowedOrigins, allowOrigins } from './cross-origin.ts';
import { errorsPage } from './errors-page.ts';
import { createEventStreams } from './event-streams/event-streams.ts';
import { serveGraphiql } from './graphiql.ts';
import { errorBody, shuttingDown } from './graphql-answer.ts';
import { graphqlEndpoint } from './graphql-endpoint.ts';
import { healthRoutes, type Readiness } from './health.ts';
import { addressOf, type ListenAddress, listenOn } from './listening.ts';
import { metricsRoute } from './metrics-server.ts';
import { createOperationObserver } from './observed-operations.ts';
import { createRefusedTokens } from './refused-tokens.ts';
import { serveWebSockets } from './websocket/websocket.ts';
import { workloadIssuerRoutes } from './workload-issuer.ts';

export interface HttpServerConfig extends ListenAddress {
  /** False: GraphiQL is served, and pages of this machine may call the service. Default: true. */
  readonly production?: boolean;
  /** Origins whose pages may call the service, such as `https://ci.example.com`. */
  readonly corsOrigins: readonly string[];
  /** The proxies whose `X-Forwarded-For` is trusted, over HTTP and WebSocket. Default: none. */
  readonly trustedProxies?: TrustedProxies;
  /** What is left out is as in `DEFAULT_SOCKET_LIMITS`. */
  readonly socketLimits?: Partial<SocketLimits>;
  /** How long a client may take to send a request's headers, and all of the request, in milliseconds. */
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** How long a connection under a request may neither send nor take a byte, in milliseconds. Default: 60,000. */
  readonly stallTimeoutMs?: number;
  /** A server of their own answers `/metrics`. Default: this one does. */
  readonly metricsApart?: boolean;
  /** How long a client may take to send its token over WebSocket, in milliseconds. Default: 3,000. */
  readonly initTimeoutMs?: number;
  /** The time between two pings on a WebSocket, or two comments on an event stream, in milliseconds. Default: 12,000. */
  readonly keepAliveMs?: number;
  /** How often calendars may be read from one network, in this process. Default: 120. */
  readonly calendarReadsAMinute?: number;
  /** How often the keys of the tokens of open WebSockets and event streams are checked, in milliseconds. Default: 5,000. */
  readonly keyCheckMs?: number;
  /** How long a client of an export may read nothing, in milliseconds. Default: 30,000. */
  readonly exportStalledMs?: number;
  /** How long a shutdown waits for running requests, in milliseconds. Default: 10,000. */
  readonly drainMs?: number;
}

export interface HttpServerDeps {
  readonly graphql: Graphql;
  readonly authenticator: Authenticator;
  /** Default: no token is revoked. */
  readonly revocations?: Revocations;
  readonly readiness: () => Promise<Readiness>;
  /** Default: no Woodpecker server may ask for credentials. */
  readonly woodpeckerRequests?: SignedRequests | undefined;
  /** Default: there is no export over HTTP. */
  readonly beginAuditExport?: BeginAuditExport;
  readonly metrics: Metrics;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer;
  readonly config: HttpServerConfig;
  readonly logger: Logger;
  /** Served at `/.well-known/jwks.json`: the development issuer's public keys. */
  readonly developmentJwks?: object;
  /** Default: this service makes no tokens for clouds. */
  readonly workloadIssuer?: WorkloadIssuer | undefined;
  /** Default: there is no console. */
  readonly console?: ConsoleOptions | undefined;
}

export interface HttpServer {
  /** @throws ListenFailed if the address is not available */
  listen(): Promise<void>;
  /** Such as `http://127.0.0.1:4000`. @throws Error before `listen` */
  address(): string;
  /** Accepts nothing new, lets running requests finish, closes WebSockets and event streams. Safe to call twice. */
  close(): Promise<void>;
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** Node looks for clients that are too slow this often; by default only every 30 seconds. */
const SLOW_CLIENTS_INTERVAL_MS = 1_000;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than load balancers keep idle connections, which is usually 60 seconds. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const DEFAULT_DRAIN_MS = 10_000;
const SWEEP_MS = 20;
/** Longer than any operation runs. */
const STALL_TIMEOUT_MS = 60_000;

export async function createHttpServer(deps: HttpServerDeps): Promise<HttpServer> {
  const { graphql, authenticator, metrics, tracer = NO_TRACER, config, logger } = deps;
  const { drainMs = DEFAULT_DRAIN_MS } = config;
  let closing: Promise<void> | undefined;
  const corsOrigins = allowedOrigins(config.corsOrigins, config.production === false);

  const app = createApp(config, logger, () => closing !== undefined);
  allowOrigins(app, corsOrigins);
  if (config.production === false) serveGraphiql(app);
  if (deps.console) await consoleRoutes(app, deps.console);
  errorsPage(app);
  await clientFiles(app);
  healthRoutes(app, deps.readiness);
  if (!config.metricsApart) metricsRoute(app, metrics);
  if (deps.developmentJwks !== undefined) {
    const jwks = deps.developmentJwks;
    app.get('/.well-known/jwks.json', async () => jwks);
  }
  if (deps.workloadIssuer) workloadIssuerRoutes(app, deps.workloadIssuer, logger);
  const clientAddress = createClientAddress(config.trustedProxies ?? []);
  const { readCalendar } = graphql.services.application;
  calendarRoute(app, { readCalendar, clientAddress, logger, readsAMinute: config.calendarReadsAMinute });
  const observe = createOperationObserver({ logger, tracer });
  const refuseToken = createRefusedTokens({
    metrics,
    logger,
    countUnauthenticated: graphql.services.application.countUnauthenticated,
    now: graphql.services.now,
  });
  const limits = createLimitedSockets({ ...DEFAULT_SOCKET_LIMITS, ...config.socketLimits });
  const sharedExecution = createSharedExecution(graphql.executor);
  const { keepAliveMs, keyCheckMs, initTimeoutMs } = config;
  const { revocations } = deps;
  const connections = createOpenConnections({ authenticator, revocations, limits, keepAliveMs, keyCheckMs, drainMs });
  const incoming = { graphql, authenticator, clientAddress, metrics, observe, refuseToken, logger };
  const answerAsStream = createEventStreams({ graphql, metrics, connections, sharedExecution });
  await app.register(graphqlEndpoint, { ...incoming, answerAsStream });
  const credentials = credentialRoutes(incoming);
  await credentials.add(app, dockerCredential);
  await credentials.add(app, kubelet(authenticator));
  await credentials.add(app, externalSecrets);
  if (deps.woodpeckerRequests) await credentials.add(app, woodpecker(deps.woodpeckerRequests));
  if (deps.beginAuditExport !== undefined) {
    auditExportRoute(app, {
      services: graphql.services,
      authenticator,
      clientAddress,
      refuseToken,
      beginAuditExport: deps.beginAuditExport,
      ...(config.exportStalledMs !== undefined && { stalledMs: config.exportStalledMs }),
      onFault: (error) => logger.warn({ fault: faultForLog(error) }, 'an export of an audit log ended early'),
    });
  }
  const ownPages = deps.console !== undefined;
  serveWebSockets(app.server, {
    ...incoming,
    corsOrigins,
    ownPages,
    connections,
    limits,
    sharedExecution,
    initTimeoutMs,
  });

  async function shutDown(): Promise<void> {
    const cut = setTimeout(() => app.server.closeAllConnections(), drainMs);
    // Without this, a connection whose last answer goes out after closing began would be kept alive.
    const sweep = setInterval(() => app.server.closeIdleConnections(), SWEEP_MS);
    try {
      await Promise.all([app.close(), connections.close()]);
    } finally {
      clearTimeout(cut);
      clearInterval(sweep);
    }
  }

  return {
    async listen() {
      await listenOn(app, config);
    },
    address: () => addressOf(app),
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}

function createApp(config: HttpServerConfig, logger: Logger, isClosing: () => boolean): FastifyInstance {
  const { headersTimeoutMs = HEADERS_TIMEOUT_MS, requestTimeoutMs = REQUEST_TIMEOUT_MS } = config;
  const app: FastifyInstance = Fastify({
    logger: false,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    requestTimeout: requestTimeoutMs,
    connectionTimeout: config.stallTimeoutMs ?? STALL_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: SLOW_CLIENTS_INTERVAL_MS },
    forceCloseConnections: 'idle',
    // Fastify's own answer would not have the form of the contract.
    return503OnClosing: false,
    // Its answers to paths that it cannot read would repeat them, and a path can be a calendar's secret.
    frameworkErrors: (_, request, reply) => {
      nothingHere(reply.headers(SECURITY_HEADERS).header('x-request-id', request.id));
    },
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    reply.header('x-request-id', request.id);
  });
  app.addHook('onRequest', async (_, reply) => {
    if (!isClosing()) return;
    await reply.code(503).header('connection', 'close').type(JSON_TYPE).send(errorBody(shuttingDown()));
  });
  app.setNotFoundHandler(async (_, reply) => nothingHere(reply));
  app.setErrorHandler(async (error, request, reply) => {
    logger.error({ requestId: request.id, fault: faultForLog(error) }, 'a request failed unexpectedly');
    return reply.code(500).send({ status: 'error' });
  });
  return app;
}

function nothingHere(reply: FastifyReply): FastifyReply {
  const error = badUserInput('path', 'There is nothing at this path. Send operations to /graphql.');
  return reply
    .code(404)
    .type(JSON_TYPE)
    .send(errorBody(publicErrorOf(error)));
}
