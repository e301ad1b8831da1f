import { setTimeout as delay } from 'node:timers/promises';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../../application/ports/metrics.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const EVENTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

export interface MetricsOptions {
  readonly processMetrics?: boolean;
  /**
   * How long a scrape waits for the lag. Default: 3,000. Scrapers usually wait longer: the other numbers must still
   * arrive when the database hangs.
   */
  readonly lagDeadlineMs?: number;
}

/** Each call makes a new registry, so that two services in one process, as in tests, do not share counters. */
export function createMetrics({ processMetrics = true, lagDeadlineMs = 3_000 }: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (processMetrics) collectDefaultMetrics({ register: registry });

  const operations = new Histogram({
    name: 'purser_graphql_operation_seconds',
    help: 'Time from the arrival of an operation to its answer.',
    labelNames: ['operation', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const refusals = new Counter({
    name: 'purser_graphql_refusals_total',
    help: 'Requests refused before an operation ran.',
    labelNames: ['code'],
    registers,
  });
  const refusedTokens = new Counter({
    name: 'purser_tokens_refused_total',
    help: 'Calls without a valid token, by what is wrong with it.',
    labelNames: ['reason'],
    registers,
  });
  const batches = new Histogram({
    name: 'purser_event_log_batch_events',
    help: 'Events appended together in one batch.',
    buckets: EVENTS,
    registers,
  });
  const appended = new Counter({
    name: 'purser_events_appended_total',
    help: 'Events appended to the log.',
    registers,
  });
  const appendFailures = new Counter({
    name: 'purser_event_log_append_failures_total',
    help: 'Appends that failed or have an unknown outcome.',
    registers,
  });
  let measureLag: (() => Promise<number>) | undefined;
  new Gauge({
    name: 'purser_projection_lag_seconds',
    help: 'The age of the oldest event that the read models have not passed; missing if it is unknown.',
    registers,
    async collect() {
      if (!measureLag) return;
      const deadline = new AbortController();
      const late = delay(lagDeadlineMs, undefined, { signal: deadline.signal });
      const lag = await Promise.race([measureLag(), late]).catch(() => undefined);
      deadline.abort();
      if (lag === undefined) this.remove();
      else this.set(lag);
    },
  });
  const leasesIssued = new Counter({ name: 'purser_leases_issued_total', help: 'Credentials handed out.', registers });
  const leasesReleased = new Counter({ name: 'purser_leases_released_total', help: 'Leases released.', registers });
  const subscriptions = new Gauge({ name: 'purser_subscriptions', help: 'Active subscriptions.', registers });
  const sockets = new Gauge({ name: 'purser_websockets', help: 'Open WebSocket connections.', registers });

  return {
    exposition: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    operationFinished({ operation, outcome, seconds }) {
      operations.labels(operation, outcome).observe(seconds);
    },
    operationRefused: (code) => refusals.labels(code).inc(),
    tokenRefused: (reason) => refusedTokens.labels(reason).inc(),
    eventsAppended(events) {
      batches.observe(events);
      appended.inc(events);
    },
    appendFailed: () => appendFailures.inc(),
    measureProjectionLag(measure) {
      measureLag = measure;
    },
    leaseIssued: () => leasesIssued.inc(),
    leaseReleased: () => leasesReleased.inc(),
    subscriptionStarted: () => subscriptions.inc(),
    subscriptionEnded: () => subscriptions.dec(),
    socketOpened: () => sockets.inc(),
    socketClosed: () => sockets.dec(),
  };
}
