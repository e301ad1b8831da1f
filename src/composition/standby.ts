import type { Logger } from 'pino';
import type { StatementObserver } from '../adapters/postgres/observed-statements.ts';
import { createReadConnections } from '../adapters/postgres/read-connections.ts';
import { createSlowReads, type SlowReads } from '../adapters/postgres/slow-reads.ts';
import { readsOfStandby } from '../adapters/postgres/standby/standby-reads.ts';
import { createStandbyServer } from '../adapters/postgres/standby/standby-server.ts';
import { createStandbyWatch } from '../adapters/postgres/standby/standby-watch.ts';
import type { Queryable } from '../adapters/postgres/statement.ts';
import type { Metrics } from '../application/ports/metrics.ts';
import type { ProjectionProgress } from '../application/ports/read-models.ts';
import type { StandbyProgress } from '../application/ports/standby.ts';
import type { Lifecycle } from './lifecycle.ts';
import { READ_CONNECTIONS, type Reads } from './reads.ts';

export interface Standby {
  readonly progress: StandbyProgress;
  readonly reads: Queryable;
  readonly searches: SlowReads;
  /** For exports of audit logs, with the connection that exports have to the primary. */
  readonly audit: (ofPrimary: Queryable) => Queryable;
  /** What `/readyz` says of it. */
  readonly check: () => Readonly<Record<string, unknown>>;
}

export interface StandbyDeps {
  readonly readDatabaseUrl: string | undefined;
  readonly primary: Pick<Reads, 'reads' | 'searches'>;
  readonly progress: ProjectionProgress;
  readonly metrics: Pick<Metrics, 'measureStandby'>;
  readonly logger: Logger;
  readonly statements: StatementObserver;
}

/**
 * Connections to the hot standby, as many as queries have to the primary. Whatever is wrong with it, the service starts:
 * the primary answers. Undefined if none is configured.
 */
export async function openStandby(deps: StandbyDeps, lifecycle: Lifecycle): Promise<Standby | undefined> {
  const { readDatabaseUrl: connectionString, primary, progress, metrics, logger, statements } = deps;
  if (connectionString === undefined) return undefined;
  const server = createStandbyServer({
    connectionString,
    primary: primary.reads,
    logger,
    statements,
    onOtherServer() {
      const before = connections;
      connections = open();
      before.close().catch((error: unknown) => logger.warn({ err: error }, 'connections to a standby did not close'));
    },
  });
  lifecycle.onClose(() => server.close());
  const options = { connectionString, logger, statements, admit: server.admit };
  const open = () => openConnections(options);
  let connections = open();
  lifecycle.onClose(() => connections.close());

  const watch = createStandbyWatch({ server, primary: progress, logger });
  lifecycle.onClose(() => watch.stop());
  metrics.measureStandby(() => ({ used: watch.fault === undefined, behindSeconds: watch.lackedMs / 1000 }));
  await watch.begin();
  return {
    progress: watch,
    reads: readsOfStandby(() => connections.reads, primary.reads, watch),
    searches: {
      ofProject: (projectId) => {
        const ofPrimary = primary.searches.ofProject(projectId);
        return readsOfStandby(() => connections.searches.ofProject(projectId), ofPrimary, watch);
      },
    },
    check: () => ({
      status: watch.fault === undefined ? 'ok' : 'unused',
      ...(watch.fault !== undefined && { reason: watch.fault }),
      behindSeconds: Math.round(watch.lackedMs / 100) / 10,
    }),
    audit: (ofPrimary) => readsOfStandby(() => connections.audit, ofPrimary, watch),
  };
}

/** As many as queries have to the primary. */
function openConnections(options: Parameters<typeof createSlowReads>[0]) {
  const reads = createReadConnections({ ...options, name: 'purser standby reads', connections: READ_CONNECTIONS });
  const searches = createSlowReads({ ...options, name: 'purser standby searches' });
  const audit = createReadConnections({ ...options, name: 'purser standby audit', connections: 1 });
  return {
    reads,
    searches,
    audit,
    close: () => Promise.all([reads.close(), searches.close(), audit.close()]),
  };
}
