import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NO_TRACER, type Tracer } from '../../application/ports/tracer.ts';
import { createFailureReport, watched } from './exports.ts';
import { createMetricProducer, type PrometheusMetric } from './metrics-bridge.ts';
import { createTracer } from './tracer.ts';

export interface TelemetryOptions {
  /** The collector's base address. */
  readonly endpoint: string;
  readonly traces: boolean;
  /** Milliseconds between two exports of metrics. Undefined: none are exported. */
  readonly metricsEveryMs: number | undefined;
  /** Prometheus' metrics of this moment. */
  readonly metrics: () => Promise<readonly PrometheusMetric[]>;
  readonly version?: string;
  /** Called at most once a minute with the number of exports that failed. */
  readonly onFailedExports: (failed: number) => void;
}

export interface Telemetry {
  readonly tracer: Tracer;
  /** Exports what is left, for at most two seconds. */
  close(): Promise<void>;
}

const EXPORT_TIMEOUT_MS = 10_000;
const LAST_EXPORT_MS = 2_000;

/**
 * Exports spans and metrics by OTLP. The SDK reads its own variables besides (`OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`,
 * headers and certificates of the collector …). Spans wait in a queue of bounded length, apart from requests.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { endpoint, traces, metricsEveryMs, version } = options;
  const resource = resourceOf(version);
  const onFailure = createFailureReport(options.onFailedExports, Date.now);
  // Their connections are cut at the end: a collector that hangs must not keep the process alive.
  const agents = { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) };
  const to = (path: string) => ({
    url: `${endpoint.replace(/\/$/, '')}${path}`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
    httpAgentOptions: (protocol: string) => (protocol === 'https:' ? agents['https:'] : agents['http:']),
  });

  const spans = traces
    ? new BasicTracerProvider({
        resource,
        spanProcessors: [new BatchSpanProcessor(watched(new OTLPTraceExporter(to('/v1/traces')), onFailure))],
      })
    : undefined;
  const meters =
    metricsEveryMs === undefined
      ? undefined
      : new MeterProvider({
          resource,
          readers: [
            new PeriodicExportingMetricReader({
              exporter: watched(new OTLPMetricExporter(to('/v1/metrics')), onFailure),
              exportIntervalMillis: metricsEveryMs,
              exportTimeoutMillis: Math.min(EXPORT_TIMEOUT_MS, metricsEveryMs),
              metricProducers: [createMetricProducer(options.metrics, Date.now)],
            }),
          ],
        });

  return {
    tracer: spans === undefined ? NO_TRACER : createTracer(spans.getTracer('purser', version)),
    async close() {
      const exported = new AbortController();
      const late = delay(LAST_EXPORT_MS, undefined, { signal: exported.signal }).catch(() => undefined);
      await Promise.race([Promise.allSettled([spans?.shutdown(), meters?.shutdown()]), late]);
      exported.abort();
      for (const agent of Object.values(agents)) {
        agent.createConnection = refuseConnection;
        agent.destroy();
      }
    },
  };
}

/** The exporter would otherwise try again. */
function refuseConnection(): never {
  throw new Error('the export has ended');
}

/** What the operator says in `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` comes last and wins. */
function resourceOf(version: string | undefined): Resource {
  const named = version === undefined ? {} : { 'service.version': version };
  const own = resourceFromAttributes({ 'service.name': 'purser', ...named });
  const detected = detectResources({ detectors: [serviceInstanceIdDetector, envDetector] });
  return defaultResource().merge(own).merge(detected);
}
