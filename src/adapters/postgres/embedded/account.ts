import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

import { OperatorError } from '../../../domain/errors.ts';

const run = promisify(execFile);

/** The system user that runs Postgres. `self`: the user that runs Purser. */
export type Account =
  | { readonly kind: 'self' }
  | { readonly kind: 'other'; readonly uid: number; readonly gid: number };

/**
 * Postgres refuses to run as root. If Purser runs as root, Postgres therefore runs as the existing cluster's owner, else
 * as the system's `postgres` user, else as `nobody`. This creates no user, which containers often do not allow.
 */
export async function accountFor(clusterDir: string): Promise<Account> {
  const ownUid = process.getuid?.();
  const owner = await ownerOf(clusterDir);
  if (ownUid !== 0) {
    if (owner && owner.uid !== ownUid) throw foreignFolder(clusterDir);
    return { kind: 'self' };
  }
  if (owner && owner.uid !== 0) return { kind: 'other', uid: owner.uid, gid: owner.gid };
  const account = (await systemUser('postgres')) ?? (await systemUser('nobody'));
  if (!account) {
    throw new OperatorError(
      'Postgres does not run as root, and this system has no user `postgres` or `nobody` to run it. Start Purser as another user, or set DATABASE_URL.',
    );
  }
  return account;
}

async function ownerOf(folder: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    return await stat(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw code === 'EACCES' ? foreignFolder(folder) : error;
  }
}

function foreignFolder(folder: string): OperatorError {
  return new OperatorError(
    `The folder ${folder} belongs to another user. Start Purser as that user or as root, or set PURSER_DATA_DIR to another folder.`,
  );
}

async function systemUser(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { kind: 'other', uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/** The ids for `spawn`. */
export function idsOf(account: Account): { uid?: number; gid?: number } {
  return account.kind === 'self' ? {} : { uid: account.uid, gid: account.gid };
}

/**
 * A Postgres program's argument for its data folder, which is also its working directory. Another user may not be able
 * to enter the folders above it (a checkout under `/root`). But the working directory is inherited, and Linux' link to
 * it works without entering those.
 */
export function dataDirArgument(account: Account, clusterDir: string): string {
  return account.kind === 'other' && process.platform === 'linux' ? '/proc/self/cwd' : clusterDir;
}

/** The service's own environment may contain secrets, and Postgres needs none of it. */
export const CLEAN_ENVIRONMENT: NodeJS.ProcessEnv = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
