import { setTimeout as delay } from 'node:timers/promises';
import { collectDefaultMetrics, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client';
import { REFUSAL_REASONS } from '../../application/ports/authenticator.ts';
import { ANCHORS, type ConnectionUsage, type LeadState, type Metrics } from '../../application/ports/metrics.ts';
import { CLOUD_FAULTS } from '../../application/ports/password-minter.ts';
import { CREDENTIAL_STATUSES } from '../../domain/credential.ts';
import { ERROR_CODES } from '../../domain/errors.ts';
import { MINT_KINDS } from '../../domain/mint-kinds/table.ts';
import { PROBE_OUTCOMES } from '../../domain/probe-outcome.ts';
import { DELIVERY_FAULTS } from '../../domain/webhook.ts';
import { createInstruments, type MetricDescription } from './bounded-labels.ts';
import { createKeyMetrics } from './key-metrics.ts';
import { createStandbyMetrics } from './standby-metrics.ts';

const EVENTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const OPERATIONS = ['query', 'mutation', 'subscription', 'unknown'];
const OK = 'ok';
const UNTESTED = 'UNTESTED';

export interface MetricsOptions {
  readonly processMetrics?: boolean;
  /** Default: `source`, for a service that was not built. */
  readonly version?: string;
  /** What the audit log calls attempts, for counting the denied ones. */
  readonly actions?: readonly string[];
  /** The names of the connections to the database. */
  readonly connections?: readonly string[];
  /**
   * How long a scrape waits for what the database says. Default: 3,000. Scrapers usually wait longer: the other numbers
   * must still arrive when the database hangs.
   */
  readonly deadlineMs?: number;
}

export interface PrometheusMetrics extends Metrics {
  /** All but those of the process, which prom-client defines. */
  readonly descriptions: readonly MetricDescription[];
  /** The numbers of this moment, for other exporters. */
  values(): Promise<MetricObjectWithValues<MetricValue<string>>[]>;
}

/** Each call makes a new registry, so that two services in one process, as in tests, do not share counters. */
export function createMetrics(options: MetricsOptions = {}): PrometheusMetrics {
  const { processMetrics = true, version = 'source', actions = [], connections = [], deadlineMs = 3_000 } = options;
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const { counter, gauge, histogram, descriptions } = createInstruments(registry);

  /** Undefined if it fails or takes too long. */
  async function inTime<Result>(measure: () => Promise<Result>): Promise<Result | undefined> {
    const deadline = new AbortController();
    const late = delay(deadlineMs, undefined, { signal: deadline.signal });
    const result = await Promise.race([measure(), late]).catch(() => undefined);
    deadline.abort();
    return result;
  }

  const requests = histogram({
    name: 'purser_graphql_request_duration_seconds',
    help: 'From the arrival of an operation to its answer; `ok`, or the code of its first error',
    labels: { operation: OPERATIONS, outcome: [OK, ...ERROR_CODES] },
  });
  const refusals = counter({
    name: 'purser_graphql_refusals_total',
    help: 'Requests refused before an operation ran',
    labels: { code: ERROR_CODES },
  });
  const refusedTokens = counter({
    name: 'purser_tokens_refused_total',
    help: 'Calls without a valid token, by what is wrong with it',
    labels: { reason: REFUSAL_REASONS },
  });
  const denials = counter({
    name: 'purser_denials_total',
    help: 'Attempts for which the token lacks the permission, by what the audit log calls them',
    labels: { action: actions },
  });
  const sockets = gauge({ name: 'purser_websockets', help: 'Open WebSocket connections', labels: {} });
  const streams = gauge({ name: 'purser_event_streams', help: 'Open event streams', labels: {} });
  const subscriptions = gauge({ name: 'purser_subscriptions', help: 'Subscriptions under way', labels: {} });

  const appends = histogram({
    name: 'purser_event_log_append_duration_seconds',
    help: 'From the request to append events until they are durable',
    labels: {},
  });
  const appendFailures = counter({
    name: 'purser_event_log_append_failures_total',
    help: 'Appends that failed or whose outcome is unknown',
    labels: {},
  });
  const batches = histogram(
    { name: 'purser_event_log_batch_events', help: 'Events that were appended together', labels: {} },
    EVENTS,
  );
  const appended = counter({ name: 'purser_events_appended_total', help: 'Events appended to the log', labels: {} });

  const projections = histogram({
    name: 'purser_projection_batch_duration_seconds',
    help: 'The time that a batch of events took to be applied to the read models',
    labels: {},
  });
  let measureLag: (() => Promise<number>) | undefined;
  gauge(
    {
      name: 'purser_projection_lag_seconds',
      help: 'The age of the oldest event that the read models have not passed; missing where that cannot be found out',
      labels: {},
    },
    async () => {
      const lag = measureLag && (await inTime(measureLag));
      return lag === undefined ? undefined : [[{}, lag]];
    },
  );
  let isLeading: (() => boolean) | undefined;
  gauge(
    {
      name: 'purser_projection_leading',
      help: '1 on the replica that brings the read models up to date, 0 on the others',
      labels: {},
    },
    async () => isLeading && [[{}, isLeading() ? 1 : 0]],
  );
  let measureLead: (() => Promise<LeadState>) | undefined;
  let reading: Promise<LeadState | undefined> | undefined;
  /** Both gauges of a scrape share a reading. */
  async function leadOf<Value>(value: (lead: LeadState) => Value): Promise<Value | undefined> {
    reading ??= measureLead && inTime(measureLead);
    const lead = await reading;
    reading = undefined;
    return lead && value(lead);
  }
  gauge(
    {
      name: 'purser_projection_term',
      help: 'Goes up with every change of the lead; as the database has it, so the same on all replicas',
      labels: {},
    },
    () => leadOf(({ term }) => [[{}, term]]),
  );
  gauge(
    {
      name: 'purser_projection_lease_age_seconds',
      help: 'Since the leader last renewed its lease; as the database has it, and growing while nobody leads',
      labels: {},
    },
    () => leadOf(({ leaseAgeSeconds }) => [[{}, leaseAgeSeconds]]),
  );

  const standbyMetrics = createStandbyMetrics({ counter, gauge });
  const backgroundFaults = counter({
    name: 'purser_background_faults_total',
    help: 'Failures of work that no request waits for; the log says why',
    labels: {},
  });
  const signedHeads = counter({
    name: 'purser_audit_heads_signed_total',
    help: 'Signed heads of audit logs',
    labels: {},
  });
  let brokenChains: number | undefined;
  gauge(
    {
      name: 'purser_audit_chains_broken',
      help: 'Audit logs that no longer hold what was signed; on the leading replica alone',
      labels: {},
    },
    async () => (brokenChains === undefined ? undefined : [[{}, brokenChains]]),
  );
  const failedAnchors = counter({
    name: 'purser_audit_anchor_failures_total',
    help: 'Attempts to put signed heads outside the database that failed',
    labels: { anchor: ANCHORS },
  });

  const leasesIssued = counter({ name: 'purser_leases_issued_total', help: 'Credentials handed out', labels: {} });
  const leasesReleased = counter({
    name: 'purser_leases_released_total',
    help: 'Leases given back or revoked',
    labels: {},
  });
  const tests = histogram({
    name: 'purser_registry_test_duration_seconds',
    help: 'Tests and scheduled checks of credentials, by what they found',
    labels: { outcome: PROBE_OUTCOMES },
  });
  const keyMetrics = createKeyMetrics(histogram);
  const mintings = histogram({
    name: 'purser_minting_duration_seconds',
    help: 'Passwords asked of clouds; `ok`, or why there was none',
    labels: { kind: Object.keys(MINT_KINDS), outcome: [OK, ...CLOUD_FAULTS] },
  });
  let countCredentials: Parameters<Metrics['measureCredentials']>[0] | undefined;
  gauge(
    {
      name: 'purser_credentials',
      help: 'Credentials of all projects; on the leading replica alone, at most a minute old',
      labels: { status: CREDENTIAL_STATUSES },
    },
    async () => {
      const counts = countCredentials?.();
      return counts && CREDENTIAL_STATUSES.map((status) => [{ status }, counts.byStatus.get(status) ?? 0] as const);
    },
  );
  const health = [...PROBE_OUTCOMES, UNTESTED];
  gauge(
    {
      name: 'purser_registry_health',
      help: 'Registries of all projects by what the last test of their credential found; as above',
      labels: { outcome: health },
    },
    async () => {
      const counts = countCredentials?.();
      return counts && health.map((outcome) => [{ outcome }, counts.byHealth.get(outcome) ?? 0] as const);
    },
  );

  const webhookAttempts = counter({
    name: 'purser_webhook_attempts_total',
    help: 'Notices sent to webhooks; `ok`, or why the attempt failed',
    labels: { outcome: [OK, ...DELIVERY_FAULTS] },
  });
  const deadLetters = counter({
    name: 'purser_webhook_dead_letters_total',
    help: 'Notices that a webhook did not get after all attempts',
    labels: {},
  });
  let measureQueue: Parameters<Metrics['measureWebhooks']>[0] | undefined;
  gauge(
    {
      name: 'purser_webhook_queue',
      help: 'Notices that wait for a webhook or its next attempt; on the leading replica alone, at most half a minute old',
      labels: {},
    },
    async () => {
      const depth = measureQueue?.();
      return depth && [[{}, depth.pending]];
    },
  );
  gauge(
    {
      name: 'purser_webhook_oldest_seconds',
      help: 'How long the oldest of them has waited since it was made or replayed; 0 if there is none',
      labels: {},
    },
    async () => {
      const depth = measureQueue?.();
      return depth && [[{}, depth.oldest === null ? 0 : Math.max(0, (Date.now() - Date.parse(depth.oldest)) / 1000)]];
    },
  );

  const statementsUnderWay = gauge({
    name: 'purser_database_statements_in_flight',
    help: 'Statements that were sent and are not answered, or wait for a connection',
    labels: { connection: connections },
  });
  const statements = histogram({
    name: 'purser_database_statement_duration_seconds',
    help: 'From the wish to send a statement to its answer',
    labels: { connection: connections },
  });
  const usages: { readonly connection: string; readonly measure: () => ConnectionUsage }[] = [];
  const sums = async (key: keyof ConnectionUsage) => {
    const found = new Map<string, number>();
    for (const { connection, measure } of usages) found.set(connection, (found.get(connection) ?? 0) + measure()[key]);
    return [...found].map(([connection, sum]) => [{ connection }, sum] as const);
  };
  gauge(
    {
      name: 'purser_database_connections',
      help: 'Connections that are open or being opened',
      labels: { connection: connections },
    },
    () => sums('open'),
  );
  gauge(
    {
      name: 'purser_database_statements_waiting',
      help: 'Statements that wait for a connection: for a free one of a pool, or until one is open',
      labels: { connection: connections },
    },
    () => sums('waiting'),
  );
  const node = process.version;
  gauge({ name: 'purser_build_info', help: 'Always 1', labels: { version: [version], node: [node] } }, async () => [
    [{ version, node }, 1],
  ]);

  return {
    descriptions,
    values: () => registry.getMetricsAsJSON(),
    exposition: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    operationFinished: ({ operation, outcome, seconds }) => requests({ operation, outcome }, seconds),
    operationRefused: (code) => refusals({ code }),
    tokenRefused: (reason) => refusedTokens({ reason }),
    attemptDenied: (action) => denials({ action }),
    eventsAppended(events) {
      batches({}, events);
      appended({}, events);
    },
    appendFinished: (seconds) => appends({}, seconds),
    appendFailed: () => appendFailures({}),
    ...standbyMetrics,
    backgroundTaskFailed: () => backgroundFaults({}),
    batchProjected: (seconds) => projections({}, seconds),
    measureProjectionLag(measure) {
      measureLag = measure;
    },
    measureLeading(measure) {
      isLeading = measure;
    },
    measureLead(measure) {
      measureLead = measure;
    },
    measureConnection(connection, measure) {
      usages.push({ connection, measure });
    },
    measureCredentials(measure) {
      countCredentials = measure;
    },
    headsSigned: (count) => signedHeads({}, count),
    chainsBroken(count) {
      brokenChains = count;
    },
    anchorFailed: (anchor) => failedAnchors({ anchor }),
    leaseIssued: () => leasesIssued({}),
    leaseReleased: () => leasesReleased({}),
    registryTested: ({ outcome, seconds }) => tests({ outcome }, seconds),
    ...keyMetrics,
    passwordMinted: ({ kind, fault, seconds }) => mintings({ kind, outcome: fault ?? OK }, seconds),
    webhookAttempted: (fault) => webhookAttempts({ outcome: fault ?? OK }),
    webhookGivenUp: () => deadLetters({}),
    measureWebhooks(measure) {
      measureQueue = measure;
    },
    statementStarted: (connection) => statementsUnderWay({ connection }, 1),
    statementFinished(connection, seconds) {
      statementsUnderWay({ connection }, -1);
      statements({ connection }, seconds);
    },
    subscriptionStarted: () => subscriptions({}, 1),
    subscriptionEnded: () => subscriptions({}, -1),
    socketOpened: () => sockets({}, 1),
    socketClosed: () => sockets({}, -1),
    eventStreamOpened: () => streams({}, 1),
    eventStreamClosed: () => streams({}, -1),
  };
}
