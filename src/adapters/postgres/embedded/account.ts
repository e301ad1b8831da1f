import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';

import { OperatorError } from '../../../domain/errors.ts';

const run = promisify(execFile);

/** The system user that Postgres runs under. `self`: the one that Purser runs under. */
export type Account =
  | { readonly kind: 'self' }
  | { readonly kind: 'other'; readonly uid: number; readonly gid: number };

/**
 * Postgres refuses to run as root. Root therefore lends it the account of an existing cluster's owner, else the
 * system's `postgres` user, else `nobody`: no user has to be created, which containers often do not allow.
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
      'Postgres does not run as root, and this system has neither a user `postgres` nor `nobody` to run it under. Start Purser as another user, or set DATABASE_URL.',
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

/** For `spawn`: the ids to change to. */
export function idsOf(account: Account): { uid?: number; gid?: number } {
  return account.kind === 'self' ? {} : { uid: account.uid, gid: account.gid };
}

/**
 * How a Postgres program is told its data folder, which is also its working directory. Another user may not be able
 * to walk there (a checkout under `/root`), but the working directory is inherited, and Linux' link to it can be
 * followed without walking.
 */
export function dataDirArgument(account: Account, clusterDir: string): string {
  return account.kind === 'other' && process.platform === 'linux' ? '/proc/self/cwd' : clusterDir;
}

/** The service's own environment may hold secrets, and Postgres needs none of it. */
export const CLEAN_ENVIRONMENT: NodeJS.ProcessEnv = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
