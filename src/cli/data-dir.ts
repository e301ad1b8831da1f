import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../domain/error-code.ts';
import { OperatorError } from '../domain/errors.ts';

/** The data folder cannot be used. The message names it and says what to do. */
export class DataDirFault extends OperatorError {
  override readonly name = 'DataDirFault';
}

/**
 * Creates the data folder if there is none, and writes a test file to it before anything else does.
 * @throws DataDirFault
 */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir);
    const probe = join(dataDir, `.writable.${randomUUID()}`);
    try {
      await writeProbe(probe);
    } finally {
      await unlink(probe).catch(() => undefined);
    }
  } catch (error) {
    throw (await explainFileFault(error, dataDir)) ?? error;
  }
}

/** Replaces `mkdir` with `recursive`, which never ends if the system refuses to create anything, as below `/proc`. */
async function makeFolder(path: string): Promise<void> {
  const make = () => mkdir(path, { mode: 0o700 });
  try {
    await make();
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return requireFolder(path);
    if (errorCode(error) !== 'ENOENT' || path === dirname(path)) throw error;
    await makeFolder(dirname(path));
    await make();
  }
}

async function requireFolder(path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) {
    throw new DataDirFault(
      `PURSER_DATA_DIR ${path} is a file. Set it to a folder, or to a path that does not exist yet.`,
    );
  }
}

/** Too large for a file system to keep within its own tables. */
const PROBE_BYTES = 64 * 1024;

async function writeProbe(path: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(Buffer.alloc(PROBE_BYTES, 1));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The sentence for an operating system's error about a file in the data folder; undefined for any other error. */
export async function explainFileFault(error: unknown, dataDir: string): Promise<DataDirFault | undefined> {
  const sentence = await sentenceOf(errorCode(error), dataDir);
  return sentence === undefined ? undefined : new DataDirFault(sentence, { cause: error });
}

async function sentenceOf(code: string | undefined, dataDir: string): Promise<string | undefined> {
  const folder = `The data folder ${dataDir}`;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return `${folder} is on a full disk. Free some space there, or set PURSER_DATA_DIR to another disk.`;
    case 'EROFS':
      return `${folder} is on a read-only file system. Mount it writable, or set PURSER_DATA_DIR to another folder.`;
    case 'EACCES':
    case 'EPERM':
      return `${folder} cannot be written by this user${await ownerOf(dataDir)}. Give it to this user (chown, chmod u+rwx), start Purser as its owner, or set PURSER_DATA_DIR to another folder.`;
    case 'ENOTDIR':
      return `PURSER_DATA_DIR ${dataDir} has a file in its path. Set it to a folder.`;
    case 'ENOENT':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'EINVAL':
      return `${folder} cannot be created there (${code}). Set PURSER_DATA_DIR to a folder on a disk.`;
    default:
      return undefined;
  }
}

/** The owner of the folder, or of the nearest existing folder above it. */
async function ownerOf(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found) {
      const mode = (found.mode & 0o777).toString(8);
      return ` (user ${process.getuid?.() ?? 'unknown'}): ${folder} belongs to user ${found.uid}, with mode ${mode}`;
    }
    if (folder === dirname(folder)) return '';
  }
}
