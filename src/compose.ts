import type { Logger } from 'pino';
import { type DevelopmentIssuer, openDevelopmentIssuer } from './adapters/auth/development-issuer.ts';
import { parseIssuers } from './adapters/auth/issuers.ts';
import { createEgress } from './adapters/egress/egress.ts';
import { createPasswordMinter } from './adapters/minting/password-minter.ts';
import { loadCursorKey } from './adapters/postgres/cursor-key.ts';
import { createArchivedLeases } from './adapters/postgres/log/archived-leases.ts';
import { createRateLimiter } from './adapters/postgres/rate-limiter.ts';
import { createChangeFeedQuery } from './adapters/postgres/read-models/change-queries.ts';
import { createCheckSchedule } from './adapters/postgres/read-models/check-schedule.ts';
import { createFeed } from './adapters/postgres/read-models/feeds.ts';
import { createNoticeFeedQuery } from './adapters/postgres/read-models/notice-queries.ts';
import { createNoticeSchedule } from './adapters/postgres/read-models/notice-schedule.ts';
import { createTrustRuleUseQueries } from './adapters/postgres/read-models/trust-rule-use-queries.ts';
import { createSharedClock } from './adapters/postgres/shared-clock.ts';
import { createSnapshotStore } from './adapters/postgres/snapshot-store.ts';
import { createMintedPasswordStore } from './adapters/postgres/vault/minted-password-store.ts';
import { createWebhookQueries } from './adapters/postgres/webhooks/webhook-queries.ts';
import { createMintedPasswordVault } from './adapters/vault/minted-password-vault.ts';
import { beginAuditExport } from './application/audit/begin-audit-export.ts';
import { createApplication } from './application/create-application.ts';
import { beforeSecondTry } from './application/credential/credential-checks.ts';
import { createProjectionLag } from './application/log/projection-lag.ts';
import { meteredApplication } from './application/metered.ts';
import { meteredEventLog, meteredMinter } from './application/metered-ports.ts';
import { tracedMinter } from './application/traced.ts';
import { openAuditSigning } from './composition/audit-signing.ts';
import { openAuthentication } from './composition/authentication.ts';
import { openConsole } from './composition/console.ts';
import { egressOptionsOf } from './composition/egress-options.ts';
import { startKeyHolding } from './composition/key-holding.ts';
import { createLifecycle, type Lifecycle } from './composition/lifecycle.ts';
import { measureLeader, openObservability } from './composition/observability.ts';
import { startPeriodicWork } from './composition/periodic-work.ts';
import { startProjecting } from './composition/projecting.ts';
import { createReadiness } from './composition/readiness.ts';
import { createQueries, openReads } from './composition/reads.ts';
import { openRegistryClients } from './composition/registry-clients.ts';
import { openStandby } from './composition/standby.ts';
import { openStores, openVault } from './composition/stores.ts';
import { configuredWebhooks, startWebhooks } from './composition/webhooks.ts';
import { configuredWoodpeckerServers, woodpeckerRequests, woodpeckerRuleIssuers } from './composition/woodpecker.ts';
import { openWorkloadIdentity } from './composition/workload-identity.ts';
import type { Config } from './config/config.ts';
import { unusableAddress } from './config/unusable-address.ts';
import { PERMISSIONS } from './domain/permissions.ts';
import { createGraphql } from './graphql/create-graphql.ts';
import { actionsOf } from './graphql/pipeline/policy.ts';
import { buildPurserSchema } from './graphql/schema.ts';
import { EXPORT_ACTION } from './http/audit-export.ts';
import { ListenFailed } from './http/listening.ts';
import { createMetricsServer } from './http/metrics-server.ts';
import { createHttpServer } from './http/server.ts';

/** How long a stop waits for logins that confirm reports. What takes longer is left to the next check or report. */
const SETTLE_MS = 3_000;
/** How long the start waits for the read models. */
const CATCH_UP_MS = 10_000;
/** Tests contact other people's registries, which ban callers that ask too often. One caller leaves some to the others. */
const TESTS_OF_A_PROJECT = { turns: 10, share: 7, windowSeconds: 60 };
/** Pipelines fail many at a time: the first ones tell enough. */
const REPORTS_OF_A_REGISTRY = { turns: 20, share: 1, windowSeconds: 600 };
const CONFIRMATIONS_OF_A_REGISTRY = { turns: 1, share: 1, windowSeconds: 600 };
const RETRIES_OF_A_CONFIRMATION = { turns: 5, share: 5, windowSeconds: 600 };
const TOKEN_TTL_SECONDS = 3600;

export interface Service {
  /** Such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Undefined if metrics have no address apart. */
  readonly metricsUrl: string | undefined;
  /** Undefined if issuers are configured. */
  readonly developmentToken: ((projectId: string) => Promise<string>) | undefined;
  /** An address that signs in to the console once, within a minute. Undefined if people sign in otherwise. */
  readonly consoleLink: (() => Promise<string>) | undefined;
  /** Drains, then stops everything in reverse order. Safe to call twice. */
  close(): Promise<void>;
}

export async function startService(config: Config, logger: Logger): Promise<Service> {
  const lifecycle = createLifecycle();
  try {
    return await start(config, logger, lifecycle);
  } catch (error) {
    await lifecycle.close();
    throw error;
  }
}

/** The whole service, from the bottom up. Each function below composes one part. */
async function start(config: Config, logger: Logger, lifecycle: Lifecycle): Promise<Service> {
  const developmentIssuer = config.jwtIssuers === undefined ? await openDevelopmentIssuer(config.dataDir) : undefined;
  const issuers = developmentIssuer ? [developmentIssuer.issuerConfig] : parseIssuers(config.jwtIssuers ?? '');
  const developmentToken = developmentIssuer && signsTokens(developmentIssuer);
  const webConsole = await openConsole({ config, issuers, developmentToken, logger });
  const webhooks = configuredWebhooks(config);
  const woodpeckerServers = configuredWoodpeckerServers(config);
  const woodpeckerIssuers = woodpeckerRuleIssuers(woodpeckerServers, issuers);
  const schema = await buildPurserSchema();
  const { metrics, tracer, statements } = await openObservability(
    config,
    logger,
    [...actionsOf(schema), EXPORT_ACTION],
    lifecycle,
  );
  const onFault = (error: unknown): void => {
    metrics.backgroundTaskFailed();
    logger.error({ err: error }, 'a background task failed');
  };

  const stores = await openStores(config, logger, { onBatch: metrics.eventsAppended, statements });
  lifecycle.onClose(stores.close);
  const { connectionString } = stores;
  const log = meteredEventLog(stores.log, metrics);
  const opened = await openVault(config, logger, stores, metrics);
  const { vault, keyRing, externalKeys, authenticator, auditSigner, close: closeVault } = opened;
  lifecycle.onClose(closeVault);
  await startKeyHolding({ ...opened, logger, onFault }, lifecycle);
  const { reads, searches, chores } = openReads({ connectionString, logger, statements }, lifecycle);
  const { progress, projector, leadership, logWatch } = await startProjecting(
    { connectionString, log, authenticator, reads, metrics, tracer, logger, onFault },
    lifecycle,
  );

  const workload = await openWorkloadIdentity(
    { ...opened, config, issuers, leading: () => projector.leading, onFault },
    lifecycle,
  );

  const standby = await openStandby(
    { readDatabaseUrl: config.readDatabaseUrl, primary: { reads, searches }, progress, metrics, logger, statements },
    lifecycle,
  );

  const { plainHttpHosts, trustedRealms } = config;
  const egressOptions = egressOptionsOf(config);
  if (egressOptions.proxy === undefined && config.ignoredProxyVariables.length > 0) {
    const variables = config.ignoredProxyVariables.join(', ');
    logger.warn(`${variables} has no effect here: set EGRESS_PROXY if only a proxy leads out of this network`);
  }
  const egress = createEgress(egressOptions);
  const audit = await openAuditSigning(
    {
      connectionString,
      reads,
      log,
      progress,
      leadership,
      signer: auditSigner,
      authenticator,
      egress,
      config,
      metrics,
      logger,
      statements,
      onFault,
      standby,
    },
    lifecycle,
  );
  const mintedPasswords = createMintedPasswordVault({
    keyRing,
    store: createMintedPasswordStore({ connectionString, logger, statements }),
  });
  lifecycle.onClose(() => mintedPasswords.close());

  const queries = {
    ...createQueries({ reads, searches }),
    auditHeads: audit.heads,
    webhooks: createWebhookQueries(reads, webhooks),
    trustRuleUses: createTrustRuleUseQueries(reads),
    feeds: {
      notices: createFeed({ query: createNoticeFeedQuery(reads), follow: progress.follow, onFault }),
      changes: createFeed({ query: createChangeFeedQuery(reads), follow: progress.follow, onFault }),
    },
  };
  // The others stay on the primary: what they read is not of the read models, or follows these.
  const standbyQueries = standby && { ...queries, ...createQueries(standby) };
  const { revokedTokensFile } = config;
  const authentication = await openAuthentication({ issuers, egressOptions, revokedTokensFile, logger }, lifecycle);
  const deps = {
    log,
    snapshotStore: createSnapshotStore(reads),
    authenticator,
    tokens: authentication.authenticator,
    ruleIssuers: new Set([...authentication.ruleIssuers, ...woodpeckerIssuers]),
    vault,
    progress,
    standby: standby?.progress,
    registries: queries.registries,
    leases: queries.leases,
    archivedLeases: createArchivedLeases(reads),
    calendar: queries.calendar,
    ...openRegistryClients({ egress, plainHttpHosts, trustedRealms }, { metrics, tracer }),
    minter: tracedMinter(
      meteredMinter(createPasswordMinter({ egress, now: Date.now, workloadTokens: workload }), metrics),
      tracer,
    ),
    mintedPasswords,
    limiter: createRateLimiter(reads, TESTS_OF_A_PROJECT),
    webhooks,
    replays: queries.webhooks,
    reports: createRateLimiter(reads, REPORTS_OF_A_REGISTRY),
    confirmations: createRateLimiter(reads, CONFIRMATIONS_OF_A_REGISTRY),
    retries: createRateLimiter(reads, RETRIES_OF_A_CONFIRMATION),
    // None yet: what people enter, people revoke.
    issuers: new Map(),
    schedule: createNoticeSchedule(chores),
    checkSchedule: createCheckSchedule(chores, Date.now),
    sharedNow: createSharedClock(reads),
    beforeSecondTry,
    issuesPerMinute: config.callerIssuesPerMinute,
    metrics,
    plainHttpHosts,
    offersFederation: workload !== undefined,
    now: Date.now,
    onFault,
    logWatch,
  };
  const running = createApplication(deps);
  lifecycle.onClose(() => running.attempts.flush({ all: true }));
  lifecycle.onClose(() => running.background.settled(SETTLE_MS));
  const working = {
    ...deps,
    ...running,
    mintedPasswords,
    chores,
    leading: () => !logWatch.isOlder && projector.leading,
  };
  startPeriodicWork({ ...working, config }, lifecycle);

  const projectionLag = createProjectionLag({ log, progress, now: Date.now });
  metrics.measureProjectionLag(projectionLag);
  const leading = () => projector.leading;
  measureLeader({ metrics, connectionString, leading, logger, statements, onFault }, lifecycle);
  const cursorKey = await loadCursorKey(connectionString);
  startWebhooks(
    { webhooks, connectionString, egress, authenticator, cursorKey, metrics, leading, logger, statements, onFault },
    lifecycle,
  );
  const graphql = await createGraphql({
    application: meteredApplication(running.application, metrics),
    schema,
    queries,
    standbyQueries,
    cursorKey,
    metrics,
    logger,
    introspection: !config.production,
    explainFaults: !config.production,
    callerCostPerSecond: config.callerCostPerSecond,
  });
  lifecycle.onClose(() => graphql.close());
  const readiness = createReadiness({
    keyRing,
    externalKeyFaults: externalKeys.faults,
    writes: stores.writes,
    eventStoreWrites: stores.eventStoreWrites,
    projectionLag,
    logWatch,
    reads,
    projector,
    anchorFaults: audit.anchorFaults,
    standbyCheck: standby?.check,
    logger,
  });
  const metricsServer = config.metrics && createMetricsServer({ metrics, readiness, address: config.metrics });
  if (metricsServer) lifecycle.onClose(() => metricsServer.close());
  const server = await createHttpServer({
    graphql,
    authenticator: authentication.authenticator,
    revocations: authentication.revocations,
    woodpeckerRequests: woodpeckerRequests(woodpeckerServers, reads),
    workloadIssuer: workload,
    console: webConsole?.routes,
    readiness,
    beginAuditExport: beginAuditExport({ ...audit, ...running, readableAt: running.application.readableAt }),
    metrics,
    tracer,
    config: {
      ...config,
      metricsApart: metricsServer !== undefined,
      socketLimits: { maxOfCaller: config.socketsPerCaller },
    },
    logger,
    ...(developmentIssuer && { developmentJwks: developmentIssuer.publicJwks() }),
  });
  lifecycle.onClose(() => server.close());

  // After a crash the read models may lag behind acknowledged writes, so nothing is served before they catch up.
  const caughtUp = await progress.waitFor(await log.head(), CATCH_UP_MS).catch(onFault);
  if (caughtUp === false) logger.warn('the read models are behind the event log: queries may miss the latest changes');
  await server.listen().catch((error: unknown) => {
    throw error instanceof ListenFailed ? unusableAddress(error.fault, 'PORT', config, error) : error;
  });
  await metricsServer?.listen().catch((error: unknown) => {
    throw error instanceof ListenFailed && config.metrics
      ? unusableAddress(error.fault, 'METRICS_PORT', config.metrics, error)
      : error;
  });
  const link = webConsole?.link;
  return {
    url: server.address(),
    metricsUrl: metricsServer?.address(),
    developmentToken,
    consoleLink: link && (() => link(server.address())),
    close: lifecycle.close,
  };
}

function signsTokens(issuer: DevelopmentIssuer) {
  return (projectId: string): Promise<string> =>
    issuer.signToken({
      projectIds: [projectId],
      permissions: Object.values(PERMISSIONS),
      subject: 'developer',
      ttlSeconds: TOKEN_TTL_SECONDS,
    });
}
