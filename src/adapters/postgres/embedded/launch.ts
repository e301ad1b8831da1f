import { spawn } from 'node:child_process';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Account, CLEAN_ENVIRONMENT, dataDirArgument, idsOf } from './account.ts';
import type { ClusterFiles } from './cluster.ts';
import type { Endpoint } from './postmaster.ts';

/** Linux allows 107 bytes, macOS 103. */
const MAX_SOCKET_PATH = 100;
const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** A socket, if the system allows a path of that length; otherwise loopback. */
export async function chooseEndpoint(clusterDir: string): Promise<Endpoint> {
  const socket = join(clusterDir, '.s.PGSQL.5432');
  if (Buffer.byteLength(socket) <= MAX_SOCKET_PATH) return { kind: 'socket' };
  return { kind: 'loopback', port: await freePort() };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

const SETTINGS: Readonly<Record<string, string>> = {
  max_connections: '100',
  shared_buffers: '128MB',
  max_wal_size: '2GB',
  fsync: 'on',
  synchronous_commit: 'on',
  jit: 'off',
  timezone: 'UTC',
  password_encryption: 'scram-sha-256',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // The log must not quote statements or rows: they may contain the vault's data.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

function endpointSettings(endpoint: Endpoint): Readonly<Record<string, string>> {
  switch (endpoint.kind) {
    case 'socket':
      // The path is relative to the cluster's folder, which only its owner (and root) can enter.
      return { listen_addresses: '', unix_socket_directories: '.', unix_socket_permissions: '0700', port: '5432' };
    case 'loopback':
      return { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(endpoint.port) };
  }
}

export interface Launched {
  /** Undefined if the program could not be started at all. */
  readonly pid: number | undefined;
  hasEnded(): boolean;
  /** Its log since the launch. */
  log(): Promise<string>;
}

/** Launches Postgres in its own session, so that Ctrl-C reaches only Purser, which then stops it in order. */
export async function launchPostmaster(
  { clusterDir, logFile }: ClusterFiles,
  postgres: string,
  account: Account,
  endpoint: Endpoint,
): Promise<Launched> {
  await rotateLog(logFile);
  const log = await open(logFile, 'a', 0o600);
  try {
    const logStart = (await log.stat()).size;
    const settings = Object.entries({ ...SETTINGS, ...endpointSettings(endpoint) });
    const child = spawn(
      postgres,
      ['-D', dataDirArgument(account, clusterDir), ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      {
        ...idsOf(account),
        cwd: clusterDir,
        env: CLEAN_ENVIRONMENT,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      },
    );
    let ended = false;
    child.once('exit', () => {
      ended = true;
    });
    child.once('error', () => {
      ended = true;
    });
    child.unref();
    return {
      pid: child.pid,
      hasEnded: () => ended,
      log: async () => (await readFile(logFile)).subarray(logStart).toString('utf8').trim(),
    };
  } finally {
    await log.close();
  }
}

async function rotateLog(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > MAX_LOG_BYTES) await rename(logFile, `${logFile}.1`);
}
