import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, link, mkdir, open, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { OperatorError } from '../../../domain/errors.ts';
import { syncFolder } from '../../files/sync-folder.ts';
import { type Account, CLEAN_ENVIRONMENT, dataDirArgument, idsOf } from './account.ts';
import type { Binaries } from './binaries.ts';
import { StartFault } from './start-fault.ts';

const run = promisify(execFile);
const UNFINISHED = /^postgres(-password)?\.[0-9a-f]{12}\.tmp$/;

/** Only scram-sha-256 and only from this machine: a socket in the cluster's private folder, or loopback. */
const CLIENT_AUTHENTICATION = `local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
`;

export interface ClusterFiles {
  readonly dataDir: string;
  readonly clusterDir: string;
  readonly logFile: string;
}

export function clusterFiles(dataDir: string): ClusterFiles {
  return { dataDir, clusterDir: join(dataDir, 'postgres'), logFile: join(dataDir, 'postgres.log') };
}

/** The superuser's password. It is created once, and only Purser's user can read it. */
export async function ensureSuperuserPassword({ dataDir, clusterDir }: ClusterFiles): Promise<string> {
  const file = join(dataDir, 'postgres-password');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const isMade = await exists(clusterDir);
  const known = await readFile(file, 'utf8').catch(ifMissing);
  if (known !== undefined) return known.trim();
  if (isMade)
    throw new OperatorError(`The password of the Postgres in ${clusterDir} is missing. Restore the file ${file}.`);
  const proposal = temporaryName(file);
  try {
    await writeFile(proposal, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
    // If several processes start at once, one proposal becomes the password of all.
    await link(proposal, file);
  } catch (error) {
    if (!(await exists(file))) throw error;
  } finally {
    await rm(proposal, { force: true });
  }
  return (await readFile(file, 'utf8')).trim();
}

/**
 * Creates the cluster if there is none. It is created in a temporary folder and renamed when complete, so that an
 * interrupted `initdb` leaves nothing that looks like a cluster. If several processes start at once, the first one's
 * becomes the cluster of all. That process may already own the data folder and have removed the others' unfinished files.
 */
export async function ensureCluster(
  { dataDir, clusterDir }: ClusterFiles,
  { initdb }: Binaries,
  account: Account,
  password: string,
): Promise<void> {
  const existing = await stat(clusterDir).catch(ifMissing);
  if (existing) {
    // The files were restored from a backup as root, but Postgres insists on owning its files.
    if (account.kind === 'other' && existing.uid === 0) {
      await run('chown', ['-R', `${account.uid}:${account.gid}`, clusterDir]);
    }
    return;
  }
  const unfinished = temporaryName(clusterDir);
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await giveTo(account, unfinished);
    await runInitdb(initdb, unfinished, account, password);
    await writeFile(join(unfinished, 'pg_hba.conf'), CLIENT_AUTHENTICATION);
    await rename(unfinished, clusterDir);
  } catch (error) {
    if (!(await exists(clusterDir))) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  await syncFolder(dataDir);
}

/** Removes the files of interrupted starts. Only the owner of the data folder may call this. */
export async function removeUnfinished({ dataDir }: ClusterFiles): Promise<void> {
  for (const name of await readdir(dataDir)) {
    // An initdb that outlived its Purser may still write there.
    if (UNFINISHED.test(name)) await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Passes the password as an open file that is already unlinked, so it is in no argument and stays in no folder. */
async function runInitdb(initdb: string, folder: string, account: Account, password: string): Promise<void> {
  const passwordFile = temporaryName(join(dirname(folder), 'postgres'));
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
  await giveTo(account, passwordFile);
  const handle = await open(passwordFile, 'r');
  try {
    await unlink(passwordFile);
    const child = spawn(
      initdb,
      [
        ...['-D', dataDirArgument(account, folder), '--username=postgres', '--pwfile=/dev/stdin'],
        ...['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--data-checksums', '--no-instructions'],
        ...['--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ],
      { ...idsOf(account), cwd: folder, env: CLEAN_ENVIRONMENT, stdio: [handle.fd, 'ignore', 'pipe'] },
    );
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    const [code, signal] = await once(child, 'close');
    if (code !== 0)
      throw new StartFault(
        join(dirname(folder), 'postgres'),
        complaint.trim() || `initdb ended with ${code ?? signal}`,
      );
  } finally {
    await handle.close();
  }
}

async function giveTo(account: Account, path: string): Promise<void> {
  if (account.kind === 'other') await chown(path, account.uid, account.gid);
}

function temporaryName(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(ifMissing)) !== undefined;
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
