import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Logger } from 'pino';
import { type DevelopmentIssuer, openDevelopmentIssuer } from './adapters/auth/development-issuer.ts';
import { parseIssuers } from './adapters/auth/issuers.ts';
import { createKeySets } from './adapters/auth/jwks.ts';
import { createAuthenticator } from './adapters/auth/token-verifier.ts';
import { parseAllowList } from './adapters/egress/allow-list.ts';
import { createEgress } from './adapters/egress/egress.ts';
import { createGuardedFetchJson } from './adapters/egress/guarded-fetch-json.ts';
import { createPasswordMinter } from './adapters/minting/password-minter.ts';
import { isUnavailable } from './adapters/postgres/availability.ts';
import { loadCursorKey } from './adapters/postgres/cursor-key.ts';
import { startEmbeddedPostgres } from './adapters/postgres/embedded-server.ts';
import { createPostgresEventLog } from './adapters/postgres/event-log.ts';
import { createFeed } from './adapters/postgres/feeds.ts';
import { migrate } from './adapters/postgres/migrate.ts';
import { createMintedPasswordStore } from './adapters/postgres/minted-password-store.ts';
import { createProgress } from './adapters/postgres/projections/progress.ts';
import { createProjector } from './adapters/postgres/projections/projector.ts';
import { recheckSecrets } from './adapters/postgres/projections/secret-presence.ts';
import { createAuditQueries } from './adapters/postgres/queries/audit-queries.ts';
import {
  createChangeFeedQuery,
  createNoticeFeedQuery,
  createNoticeQueries,
} from './adapters/postgres/queries/feed-queries.ts';
import { createLeaseQueries } from './adapters/postgres/queries/lease-queries.ts';
import { countParkedStreams } from './adapters/postgres/queries/parked-streams.ts';
import { createRegistryQueries } from './adapters/postgres/queries/registry-queries.ts';
import { createRateLimiter } from './adapters/postgres/rate-limiter.ts';
import { createReadConnections } from './adapters/postgres/read-connections.ts';
import { createSealedSecretStore } from './adapters/postgres/sealed-secret-store.ts';
import { sessionConfig } from './adapters/postgres/session.ts';
import { createRegistryProbe } from './adapters/registry/registry-probe.ts';
import { type KeyRing, loadKeyRing } from './adapters/vault/key-ring.ts';
import { createMintedPasswordVault } from './adapters/vault/minted-password-vault.ts';
import { createVault, type SealingVault } from './adapters/vault/vault.ts';
import { abandonOrphanedStages } from './application/abandon-orphaned-stages.ts';
import { createApplication } from './application/create-application.ts';
import type { EventLog, Position } from './application/ports/event-log.ts';
import { scheduledChecks } from './application/scheduled-checks.ts';
import { createChores } from './chores.ts';
import { type Config, ConfigurationError, unusableAddress } from './config.ts';
import { PERMISSIONS } from './domain/permissions.ts';
import type { Readiness } from './http/health.ts';
import { ListenFailed } from './http/listen-failed.ts';
import { meteredApplication } from './http/metered-application.ts';
import { meteredEventLog } from './http/metered-event-log.ts';
import { createMetrics, type Metrics } from './http/metrics.ts';
import { createHttpServer } from './http/server.ts';
import { createLifecycle } from './lifecycle.ts';

const READ_CONNECTIONS = 2;
/** How long a mutation waits until what it wrote can be read. */
const READ_YOUR_WRITE_MS = 10_000;
const HOUSEKEEPING_MS = 30_000;
/** Tests go out to others' registries, which ban who asks too often. */
const TESTS_OF_A_PROJECT = { turns: 10, windowSeconds: 60 };
const TOKEN_TTL_SECONDS = 3600;

export interface Stores {
  readonly connectionString: string;
  readonly log: EventLog;
  close(): Promise<void>;
}

export interface Service {
  /** Such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** Undefined where the issuers are configured. */
  readonly developmentToken: ((projectId: string) => Promise<string>) | undefined;
  /** Drains, stops what was started, in reverse. Safe to call twice. */
  close(): Promise<void>;
}

/** The database, migrated, and the event log in it: what every command needs. */
export async function openStores(config: Config, logger: Logger, metrics?: Metrics): Promise<Stores> {
  const lifecycle = createLifecycle();
  try {
    const connectionString = config.databaseUrl ?? (await embedded());
    const applied = await migrate(connectionString).catch((error: unknown) => {
      if (!isUnavailable(error)) throw error;
      throw new ConfigurationError('DATABASE_URL names a Postgres that cannot be reached.', { cause: error });
    });
    if (applied.length > 0) logger.info({ migrations: applied }, 'migrated');
    const log = createPostgresEventLog({
      connectionString,
      log: logger,
      ...(metrics && { onBatch: metrics.eventsAppended }),
    });
    lifecycle.onClose(() => log.close());
    return { connectionString, log: metrics ? meteredEventLog(log, metrics) : log, close: lifecycle.close };
  } catch (error) {
    await lifecycle.close();
    throw error;
  }

  async function embedded(): Promise<string> {
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    const server = await startEmbeddedPostgres({ dataDir: config.dataDir, log: logger });
    lifecycle.onClose(() => server.stop());
    return server.connectionString;
  }
}

/** The vault, with the keys that its secrets are under. @throws KeyRingError */
export async function openVault(
  config: Config,
  logger: Logger,
  connectionString: string,
): Promise<{ vault: SealingVault; keyRing: KeyRing }> {
  const keyRing = await loadKeyRing({
    file: config.masterKeyFile ?? join(config.dataDir, 'master-key'),
    createIfMissing: !config.production && config.masterKeyFile === undefined,
  });
  const vault = createVault({ keyRing, store: createSealedSecretStore({ connectionString, log: logger }) });
  try {
    await vault.checkKeys();
  } catch (error) {
    await vault.close();
    throw error;
  }
  return { vault, keyRing };
}

export async function startService(config: Config, logger: Logger): Promise<Service> {
  const lifecycle = createLifecycle();
  try {
    return await start();
  } catch (error) {
    await lifecycle.close();
    throw error;
  }

  async function start(): Promise<Service> {
    const onFault = (error: unknown) => logger.error({ err: error }, 'a background task failed');
    const issuer = config.jwtIssuers === undefined ? await openDevelopmentIssuer(config.dataDir) : undefined;
    const issuers = issuer ? [issuer.issuerConfig] : parseIssuers(config.jwtIssuers ?? '');
    const metrics = createMetrics();
    const stores = await openStores(config, logger, metrics);
    lifecycle.onClose(stores.close);
    const { connectionString, log } = stores;

    const { vault, keyRing } = await openVault(config, logger, connectionString);
    lifecycle.onClose(() => vault.close());

    const reads = createReadConnections({
      connectionString,
      name: 'purser reads',
      connections: READ_CONNECTIONS,
      log: logger,
    });
    lifecycle.onClose(() => reads.close());
    const readCheckpoint = async (): Promise<Position> => {
      const { rows } = await reads.query<{ position: string }>({
        name: 'checkpoint',
        text: 'select position::text from read_models.checkpoint',
        values: [],
      });
      return BigInt(rows[0]?.position ?? 0) as Position;
    };
    const progress = createProgress({ readCheckpoint, timeoutMs: READ_YOUR_WRITE_MS }, await readCheckpoint());
    lifecycle.onClose(async () => progress.stop());

    const projector = createProjector({
      log,
      progress,
      onFault,
      connect: async () => {
        const client = new pg.Client(
          sessionConfig({ connectionString, name: 'purser projector', pipeline: true, byIndexOnly: true }),
        );
        client.on('error', onFault);
        await client.connect();
        return client;
      },
    });
    projector.start();
    lifecycle.onClose(() => projector.stop());

    const feeds = {
      notices: createFeed({ query: createNoticeFeedQuery(reads), follow: progress.follow, onFault }),
      changes: createFeed({ query: createChangeFeedQuery(reads), follow: progress.follow, onFault }),
    };
    const { plainHttpHosts, trustedRealms } = config;
    const egressOptions = { allow: parseAllowList(config.egressAllow), plainHttpHosts };
    const egress = createEgress(egressOptions);
    const probe = createRegistryProbe({ egress, plainHttpHosts, trustedRealms, now: Date.now });
    const mintedPasswords = createMintedPasswordVault({
      keyRing,
      store: createMintedPasswordStore({ connectionString, log: logger }),
    });
    lifecycle.onClose(() => mintedPasswords.close());
    const registries = createRegistryQueries(reads, Date.now);
    const { application, attempts, aggregates, tests, logins } = createApplication({
      log,
      vault,
      progress,
      registries,
      leases: createLeaseQueries(reads, Date.now),
      audit: createAuditQueries(reads),
      notices: createNoticeQueries(reads),
      feeds,
      probe,
      minter: createPasswordMinter({ egress, now: Date.now }),
      mintedPasswords,
      limiter: createRateLimiter(reads, TESTS_OF_A_PROJECT),
      plainHttpHosts,
      now: Date.now,
      onFault,
    });
    lifecycle.onClose(() => attempts.flush({ all: true }));

    const abandonStages = abandonOrphanedStages({ log, aggregates, vault, now: Date.now });
    const chores = createChores(
      [
        () => attempts.flush({ all: false }),
        ...[abandonStages, () => mintedPasswords.removeExpired(), () => recheckSecrets(reads)].map(
          (chore) => async (signal: AbortSignal) => {
            if (projector.leading) await chore(signal);
          },
        ),
      ],
      { everyMs: HOUSEKEEPING_MS, onFault },
    );
    lifecycle.onClose(() => chores.stop());

    const { healthCheckIntervalMs: intervalMs } = config;
    if (intervalMs !== undefined) {
      const leading = () => projector.leading;
      const parts = { registries, aggregates, logins, probe, tests, intervalMs, leading, now: Date.now, onFault };
      // Apart from the other chores, which would have to wait for registries that do not answer.
      const checks = createChores([scheduledChecks(parts)], { everyMs: HOUSEKEEPING_MS, onFault });
      lifecycle.onClose(() => checks.stop());
    }

    const projectionLag = async () => Number((await log.head()) - (await readCheckpoint()));
    metrics.measureProjectionLag(projectionLag);

    const readiness = async (): Promise<Readiness> => {
      const keys = { primary: keyRing.primaryKeyId, known: keyRing.keyIds };
      try {
        const [lag, parkedStreams] = await Promise.all([projectionLag(), countParkedStreams(reads)]);
        const { leading } = projector;
        const status = parkedStreams > 0 ? 'degraded' : 'ok';
        return { ready: true, checks: { keys, database: 'ok', projection: { status, lag, parkedStreams, leading } } };
      } catch (error) {
        logger.warn({ err: error }, 'the database does not answer');
        return { ready: false, checks: { keys, database: 'unavailable' } };
      }
    };

    const server = await createHttpServer({
      application: meteredApplication(application, metrics),
      authenticator: createAuthenticator({
        issuers,
        keySets: createKeySets(issuers, {
          clock: Date.now,
          fetchJson: createGuardedFetchJson(
            issuers.flatMap((one) => ('jwksUri' in one ? [one.jwksUri] : [])),
            egressOptions,
          ),
          onFetchFailed: (name, error) =>
            logger.warn({ issuer: name, err: error }, 'the keys of an issuer cannot be fetched'),
        }),
        clock: Date.now,
      }),
      cursorKey: await loadCursorKey(connectionString),
      readiness,
      metrics,
      config: {
        host: config.host,
        port: config.port,
        production: config.production,
        corsOrigins: config.corsOrigins,
        trustedProxies: config.trustedProxies,
      },
      logger,
      ...(issuer && { developmentJwks: issuer.publicJwks() }),
    });
    lifecycle.onClose(() => server.close());
    // After a crash the read models may be behind what was acknowledged: nobody is to read that.
    await progress.waitFor(await log.head()).catch(onFault);
    await server.listen().catch((error: unknown) => {
      throw error instanceof ListenFailed ? unusableAddress(error.fault, config, error) : error;
    });
    return { url: server.address(), developmentToken: issuer && developmentToken(issuer), close: lifecycle.close };
  }
}

function developmentToken(issuer: DevelopmentIssuer) {
  return (projectId: string): Promise<string> =>
    issuer.signToken({
      projectIds: [projectId],
      permissions: Object.values(PERMISSIONS),
      subject: 'developer',
      ttlSeconds: TOKEN_TTL_SECONDS,
    });
}
