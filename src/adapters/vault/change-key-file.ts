import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../../domain/error-code.ts';
import { syncFolder } from '../files/sync-folder.ts';
import { readKeyFile, removeDrafts } from './key-file.ts';
import { KeyRingError, parseKeyFile } from './key-file-format.ts';

/**
 * Replaces the key file as a whole: at every moment there is the old one or the new one. Owner and mode stay, and a link
 * still leads to it. One process at a time may do this. @param change of the file's text
 * @param destroysKey the old file is overwritten where it lies
 * @throws KeyRingError if the file, or what the change made of it, cannot be used
 */
export async function changeKeyFile(
  path: string,
  change: (content: string) => string,
  { destroysKey = false }: { readonly destroysKey?: boolean } = {},
): Promise<void> {
  await readKeyFile(path);
  const target = await realpath(path);
  await removeDrafts(target);
  const draft = `${target}.${randomUUID()}`;
  try {
    const content = change(await readFile(target, 'latin1'));
    parseKeyFile(path, content);
    await writeAs(draft, content, target);
    await (destroysKey ? replaceAndOverwrite(draft, target) : rename(draft, target));
    await syncFolder(dirname(target));
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    if (error instanceof KeyRingError) throw error;
    const code = errorCode(error) ?? 'unknown error';
    throw new KeyRingError(
      `The key file ${path} cannot be changed: ${code}. Change it where it can be written, and give it to the replicas.`,
      { cause: error },
    );
  }
}

/** Writes a file with the owner and the mode of another one. */
async function writeAs(draft: string, content: string, model: string): Promise<void> {
  const { uid, gid, mode } = await stat(model);
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(content, 'latin1');
    if (uid !== process.getuid?.()) await file.chown(uid, gid);
    await file.chmod(mode & 0o777);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Whether the overwriting reaches the medium, only the file system knows. */
async function replaceAndOverwrite(draft: string, target: string): Promise<void> {
  const old = await open(target, constants.O_RDWR).catch(() => undefined);
  try {
    await rename(draft, target);
    if (old === undefined) return;
    const { size } = await old.stat();
    await old.write(Buffer.alloc(size), 0, size, 0);
    await old.sync();
  } finally {
    await old?.close();
  }
}
