import type { Logger } from 'pino';
import { observeStatements, type StatementObserver } from '../adapters/postgres/observed-statements.ts';
import { createReadConnections } from '../adapters/postgres/read-connections.ts';
import { createCredentialCounts } from '../adapters/postgres/read-models/credential-counts.ts';
import { readLead } from '../adapters/postgres/read-models/leadership.ts';
import { CONNECTION_NAMES } from '../adapters/postgres/session.ts';
import { createMetrics, type PrometheusMetrics } from '../adapters/prometheus/metrics.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import { NO_TRACER, type Tracer } from '../application/ports/tracer.ts';
import type { Config } from '../config/config.ts';
import { VERSION } from '../version.ts';
import type { Lifecycle } from './lifecycle.ts';

export interface Observability {
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  readonly statements: StatementObserver;
}

/** Comes first, so that it can observe everything else. `actions`: what the audit log calls attempts. */
export async function openObservability(
  config: Config,
  logger: Logger,
  actions: readonly string[],
  lifecycle: Lifecycle,
): Promise<Observability> {
  const version = VERSION === undefined ? {} : { version: VERSION };
  const metrics = createMetrics({ ...version, actions, connections: CONNECTION_NAMES });
  const tracer = await startTracing(config, metrics, logger, lifecycle);
  return { metrics, tracer, statements: observeStatements({ metrics, tracer }) };
}

/** Loads the SDK only if there is somewhere to export to: it takes time and memory. */
async function startTracing(
  { otlp }: Config,
  metrics: PrometheusMetrics,
  logger: Logger,
  lifecycle: Lifecycle,
): Promise<Tracer> {
  if (otlp === undefined) return NO_TRACER;
  const { startTelemetry } = await import('../adapters/opentelemetry/telemetry.ts');
  const telemetry = startTelemetry({
    ...otlp,
    metrics: metrics.values,
    ...(VERSION !== undefined && { version: VERSION }),
    onFailedExports: (failed) => logger.warn({ failed }, 'traces or metrics could not be exported'),
  });
  // Stops last, so that it exports what happens during the stop.
  lifecycle.onClose(() => telemetry.close());
  return telemetry.tracer;
}

interface LeaderDeps {
  readonly metrics: Pick<Metrics, 'measureLeading' | 'measureLead' | 'measureCredentials'>;
  readonly connectionString: string;
  readonly leading: () => boolean;
  readonly logger: Logger;
  readonly statements: StatementObserver;
  readonly onFault: (error: unknown) => void;
}

/** Measures what only one replica should tell. */
export function measureLeader(
  { metrics, connectionString, leading, logger, statements, onFault }: LeaderDeps,
  lifecycle: Lifecycle,
): void {
  metrics.measureLeading(leading);
  const name = 'purser statistics';
  const database = createReadConnections({ connectionString, name, connections: 1, logger, statements });
  lifecycle.onClose(() => database.close());
  metrics.measureLead(async () => {
    const { term, leaseAgeMs } = await readLead(database);
    return { term, leaseAgeSeconds: leaseAgeMs / 1000 };
  });
  metrics.measureCredentials(createCredentialCounts({ database, leading, now: Date.now, onFault }));
}
