import { randomBytes, randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, readdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../../domain/error-code.ts';
import { syncFolder } from '../files/sync-folder.ts';
import { KEY_BYTES } from './authenticated-encryption.ts';
import { type KeyFile, KeyRingError, parseKeyFile } from './key-file-format.ts';

/** Enough for hundreds of keys; a larger file is not a key file. */
const MAX_FILE_BYTES = 64 * 1024;

/**
 * Undefined if there is no file.
 * @throws KeyRingError
 */
export async function readKeyFile(path: string): Promise<KeyFile | undefined> {
  const handle = await openUnlessMissing(path);
  if (handle === undefined) return undefined;
  try {
    const file = await checkTrusted(path, handle);
    const content = await handle.readFile();
    try {
      requirePrivate(path, file, content);
      return parseKeyFile(path, content.toString('latin1'));
    } finally {
      content.fill(0);
    }
  } finally {
    await handle.close();
  }
}

/**
 * Creates the file, and its folder, with one key. Never changes an existing file.
 * @param key what stands behind the id; default: a new local key
 * @throws KeyRingError
 */
export async function createKeyFile(path: string, key: string = newLocalKey()): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeDurably(draft, `1 ${key}\n`);
    try {
      // Unlike a rename, a link never replaces the file of a process that was quicker.
      await link(draft, path);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    } finally {
      await unlink(draft);
    }
    await syncFolder(dirname(path));
  } catch (error) {
    throw new KeyRingError(`The key file ${path} cannot be created: ${errorCode(error) ?? 'unknown error'}.`, {
      cause: error,
    });
  }
}

export function newLocalKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}

/** A draft lives for milliseconds, so this one's process ended before it could remove it. */
const ABANDONED_AFTER_MS = 60_000;
const DRAFT = /^\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Removes what interrupted creations left beside the file: their drafts hold keys, perhaps that of the file. */
export async function removeDrafts(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  for (const other of await readdir(folder).catch(() => [])) {
    if (!other.startsWith(name) || !DRAFT.test(other.slice(name.length))) continue;
    const draft = join(folder, other);
    const { mtimeMs } = await lstat(draft).catch(() => ({ mtimeMs: Number.NaN }));
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await unlink(draft).catch(() => undefined);
  }
}

async function openUnlessMissing(path: string): Promise<FileHandle | undefined> {
  try {
    // NONBLOCK: otherwise opening a named pipe waits for its writer.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw new KeyRingError(`The key file ${path} cannot be opened: ${errorCode(error) ?? 'unknown error'}.`, {
        cause: error,
      });
    }
    if (await isLink(path))
      throw new KeyRingError(`The key file ${path} is a symbolic link to a file that does not exist.`);
    return undefined;
  }
}

/** Checks the open file, because the path could change in between. Links are followed: mounted secrets are links. */
async function checkTrusted(path: string, handle: FileHandle): Promise<Stats> {
  const link = await lstat(path);
  if (link.isSymbolicLink() && !isTrustedOwner(link.uid)) {
    throw new KeyRingError(
      `The key file ${path} is a symbolic link that belongs to user ${link.uid}, not to the service's user or root.`,
    );
  }
  const file = await handle.stat();
  if (!file.isFile()) throw new KeyRingError(`The key file ${path} is not a regular file.`);
  if (file.size > MAX_FILE_BYTES)
    throw new KeyRingError(`The key file ${path} is larger than ${MAX_FILE_BYTES} bytes.`);
  if (!isTrustedOwner(file.uid)) {
    throw new KeyRingError(`The key file ${path} belongs to user ${file.uid}, not to the service's user or root.`);
  }
  return file;
}

/** Names the keys that others may have read. */
function requirePrivate(path: string, file: Stats, content: Buffer): void {
  if ((file.mode & forbiddenBits(file)) !== 0) {
    const ids = [...content.toString('latin1').matchAll(/^(\d{1,9}) /gm)].map(([, id]) => id);
    const keys = ids.length > 0 ? `its keys (${ids.join(', ')})` : 'its keys';
    throw new KeyRingError(
      `The key file ${path} is open to other users (mode ${(file.mode & 0o777).toString(8)}): run chmod 600 on it, and replace ${keys} if others may have read them.`,
    );
  }
}

/**
 * The bits of a mode that let others in. A file of root may be readable by its group, because in Kubernetes a Secret reaches
 * a user who is not root only so: with `fsGroup` it is `root:<group>`, mode 440. Postgres takes its TLS keys in the same way.
 */
function forbiddenBits({ uid }: Stats): number {
  return uid === 0 && process.getuid?.() !== 0 ? 0o037 : 0o077;
}

function isTrustedOwner(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.();
}

async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}
