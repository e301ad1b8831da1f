import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { OperatorError } from '../../../domain/errors.ts';

const run = promisify(execFile);
const SOCKET_LOCK = '.s.PGSQL.5432.lock';
const FAST_SHUTDOWN_MS = 10_000;
const IMMEDIATE_SHUTDOWN_MS = 5_000;

/** Where clients reach the server: by a socket in the cluster's folder, or on loopback. */
export type Endpoint = { readonly kind: 'socket' } | { readonly kind: 'loopback'; readonly port: number };

export interface Postmaster {
  readonly pid: number;
  /** Undefined until it accepts connections, for instance during crash recovery. */
  readonly endpoint: Endpoint | undefined;
}

/**
 * The running server of this cluster, no matter who started it. A stale pid file (the machine crashed, or another program
 * has the number now) is removed, because Postgres itself refuses to start over it.
 */
export async function findPostmaster(clusterDir: string): Promise<Postmaster | undefined> {
  const file = join(clusterDir, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return '';
  });
  // Lines: pid, data folder, start time, port, socket folder, listen address, shared memory, status.
  const [pidLine = '', , , portLine = '', socketLine = '', , , statusLine = ''] = text.split('\n');
  const pid = Number.parseInt(pidLine, 10);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  if (!(await isPostmasterOf(clusterDir, pid))) {
    await removeStale(clusterDir, text);
    return undefined;
  }
  if (statusLine.trim() !== 'ready') return { pid, endpoint: undefined };
  const port = Number.parseInt(portLine, 10);
  return { pid, endpoint: socketLine === '' ? { kind: 'loopback', port } : { kind: 'socket' } };
}

async function removeStale(clusterDir: string, seen: string): Promise<void> {
  const file = join(clusterDir, 'postmaster.pid');
  // If another process has started the server since, the file belongs to that server.
  const now = await readFile(file, 'utf8').catch(() => '');
  if (now !== seen) return;
  // The socket's lock file contains the same number.
  for (const stale of [join(clusterDir, SOCKET_LOCK), file]) await unlink(stale).catch(() => undefined);
}

async function isPostmasterOf(clusterDir: string, pid: number): Promise<boolean> {
  if (!(await isRunning(pid))) return false;
  try {
    if (process.platform === 'linux') {
      const [folder, cwd] = await Promise.all([realpath(clusterDir), readlink(`/proc/${pid}/cwd`)]);
      return folder === cwd;
    }
    const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]);
    return stdout.includes('postgres') && stdout.includes(clusterDir);
  } catch {
    return false;
  }
}

async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // If an adopted server's new parent does not reap it, it stays in the process table after its end.
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/\) Z /.test(status);
}

/** Fast shutdown: rolls open transactions back and writes a checkpoint. After a time limit: shutdown without a checkpoint. */
export async function stopPostmaster(pid: number): Promise<void> {
  if (await endsAfter(pid, 'SIGINT', FAST_SHUTDOWN_MS)) return;
  if (await endsAfter(pid, 'SIGQUIT', IMMEDIATE_SHUTDOWN_MS)) return;
  throw new OperatorError(
    `Postgres (process ${pid}) does not stop. Check its log, and end it with kill -9 ${pid} if nothing else helps.`,
  );
}

async function endsAfter(pid: number, signal: 'SIGINT' | 'SIGQUIT', boundMs: number): Promise<boolean> {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
    throw error;
  }
  for (const until = performance.now() + boundMs; performance.now() < until; ) {
    if (!(await isRunning(pid))) return true;
    await delay(10);
  }
  return false;
}
