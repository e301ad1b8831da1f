import Fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from '../application/ports/metrics.ts';
import { healthRoutes, type Readiness } from './health.ts';
import { addressOf, type ListenAddress, listenOn } from './listening.ts';

export interface MetricsServerDeps {
  readonly metrics: Pick<Metrics, 'exposition'>;
  readonly readiness: () => Promise<Readiness>;
  readonly address: ListenAddress;
}

export interface MetricsServer {
  /** @throws ListenFailed if the address is not available */
  listen(): Promise<void>;
  /** Such as `http://127.0.0.1:9464`. @throws Error before `listen` */
  address(): string;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 100;

/** `/metrics`, `/healthz` and `/readyz` at an address apart from the API's, for the platform alone. */
export function createMetricsServer({ metrics, readiness, address }: MetricsServerDeps): MetricsServer {
  const app = Fastify({ logger: false, requestTimeout: REQUEST_TIMEOUT_MS, forceCloseConnections: true });
  app.server.maxConnections = MAX_CONNECTIONS;
  metricsRoute(app, metrics);
  healthRoutes(app, readiness);
  return {
    listen: () => listenOn(app, address),
    address: () => addressOf(app),
    close: () => app.close(),
  };
}

/** `/metrics`, for Prometheus. */
export function metricsRoute(app: FastifyInstance, metrics: Pick<Metrics, 'exposition'>): void {
  app.get('/metrics', async (_, reply) => {
    const { contentType, text } = await metrics.exposition();
    return reply.type(contentType).send(text);
  });
}
