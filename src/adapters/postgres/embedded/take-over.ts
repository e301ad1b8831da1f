import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { OperatorError } from '../../../domain/errors.ts';
import { isUnavailable } from '../availability.ts';
import type { Logger } from '../logger.ts';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import type { ClusterFiles } from './cluster.ts';
import { type Launched, launchPostmaster } from './launch.ts';
import { type Endpoint, findPostmaster, stopPostmaster } from './postmaster.ts';
import { StartFault } from './start-fault.ts';

/** From launch to the first answer: crash recovery with a large log takes long. */
const START_TIMEOUT_MS = 60_000;
/** A launch that ends at once may have lost a race, or backends of the previous server may still run. */
const MAX_LAUNCHES = 10;
/** If a server that was left running is silent for so long, it counts as hung. */
const ANSWER_TIMEOUT_MS = 20_000;
/** A predecessor's session ends a moment after its process. */
const LOCK_PATIENCE_MS = 2_000;
const POLL_MS = 20;
/** Advisory lock in the maintenance database: "purser" in ASCII. */
const OWNER_LOCK = '123666953725298';
/** The name of the owner's session, followed by the process's id. */
const OWNER_NAME = 'purser data folder owner, process ';

export interface Cluster {
  readonly files: ClusterFiles;
  readonly account: Account;
  readonly binaries: Binaries;
  readonly superuserPassword: string;
  readonly logger: Logger;
}

/** The data folder's server, and the session that makes this process its owner while the session lasts. */
export interface OwnedServer {
  readonly session: Client;
  readonly endpoint: Endpoint;
}

/** The data folder is in use by another process. */
export class DataDirInUse extends OperatorError {
  override readonly name = 'DataDirInUse';
}

/**
 * Adopts the cluster's server or starts one, and becomes its owner.
 * @throws DataDirInUse
 */
export async function takeOver(
  cluster: Cluster,
  chooseEndpoint: () => Promise<Endpoint>,
  signal: AbortSignal,
): Promise<OwnedServer> {
  const { files, account, binaries } = cluster;
  const deadline = performance.now() + START_TIMEOUT_MS;
  const launches: Launched[] = [];
  const hung = silenceWatch();

  while (!signal.aborted && performance.now() < deadline) {
    const launched = launches.at(-1);
    const postmaster = await findPostmaster(files.clusterDir);
    const session = postmaster?.endpoint && (await connect(cluster, postmaster.endpoint));
    if (session) {
      const adopted = postmaster.pid !== launched?.pid;
      if (!(await becomeOwner(session, files.dataDir))) continue;
      if (adopted) cluster.logger.info({ pid: postmaster.pid }, 'adopted a Postgres that was left running');
      return { session, endpoint: postmaster.endpoint };
    }
    if (postmaster && postmaster.pid !== launched?.pid && hung(postmaster.pid)) {
      cluster.logger.warn({ pid: postmaster.pid }, 'the Postgres that was left running does not answer: stopping it');
      await stopPostmaster(postmaster.pid);
    }
    if (!postmaster && (!launched || launched.hasEnded())) {
      if (launches.length === MAX_LAUNCHES) break;
      await delay(launches.length * 100);
      launches.push(await launchPostmaster(files, binaries.postgres, account, await chooseEndpoint()));
    }
    await delay(POLL_MS);
  }
  const last = launches.at(-1);
  if (last?.pid !== undefined && !last.hasEnded()) await stopPostmaster(last.pid);
  throw new StartFault(files.clusterDir, (await last?.log()) || 'It does not answer.');
}

/** Whether the same process has been silent for too long. */
function silenceWatch(): (pid: number) => boolean {
  let silent: { readonly pid: number; readonly since: number } | undefined;
  return (pid) => {
    if (silent?.pid !== pid) silent = { pid, since: performance.now() };
    return performance.now() - silent.since > ANSWER_TIMEOUT_MS;
  };
}

/** Undefined if the server does not answer. */
async function connect(cluster: Cluster, endpoint: Endpoint): Promise<Client | undefined> {
  const { files, superuserPassword } = cluster;
  const client = new Client({
    connectionString: connectionString(files, endpoint, {
      user: 'postgres',
      password: superuserPassword,
      database: 'postgres',
    }),
    application_name: `${OWNER_NAME}${process.pid}`,
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
    keepAlive: true,
  });
  // The supervisor reacts to the session's end; without a listener the error would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '28P01') {
      throw new OperatorError(
        `The password in ${files.dataDir}/postgres-password does not match the Postgres in ${files.clusterDir}. Restore that file.`,
      );
    }
    return undefined;
  }
}

/** @returns false if the server ended in the meantime, for instance because its owner stopped @throws DataDirInUse */
async function becomeOwner(session: Client, dataDir: string): Promise<boolean> {
  for (const until = performance.now() + LOCK_PATIENCE_MS; ; ) {
    const owner = await tryOwnerLock(session).catch(async (error: unknown) => {
      await session.end();
      if (!isUnavailable(error)) throw error;
      return undefined;
    });
    if (owner !== false) return owner === true;
    if (performance.now() > until) {
      const pid = await ownerOf(session).catch(() => undefined);
      await session.end();
      throw new DataDirInUse(
        `Another Purser${pid === undefined ? '' : ` (process ${pid})`} uses the data folder ${dataDir}. Stop it, or set PURSER_DATA_DIR to another folder.`,
      );
    }
    await delay(POLL_MS);
  }
}

async function tryOwnerLock(session: Client): Promise<boolean> {
  const { rows } = await session.query<{ owner: boolean }>('select pg_try_advisory_lock($1) as owner', [OWNER_LOCK]);
  return rows[0]?.owner === true;
}

/** The process that holds the lock: Purser's own, not the server's. */
async function ownerOf(session: Client): Promise<number | undefined> {
  const { rows } = await session.query<{ name: string }>(
    `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted and starts_with(a.application_name, $1)`,
    [OWNER_NAME],
  );
  const pid = Number(rows[0]?.name.slice(OWNER_NAME.length));
  return Number.isInteger(pid) ? pid : undefined;
}

export function connectionString(
  { clusterDir }: ClusterFiles,
  endpoint: Endpoint,
  { user, password, database }: { user: string; password: string; database: string },
): string {
  switch (endpoint.kind) {
    case 'socket':
      return `postgresql://${user}:${password}@/${database}?host=${encodeURIComponent(clusterDir)}&port=5432`;
    case 'loopback':
      return `postgresql://${user}:${password}@127.0.0.1:${endpoint.port}/${database}`;
  }
}
