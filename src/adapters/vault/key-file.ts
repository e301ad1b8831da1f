import { randomBytes, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OperatorError } from '../../domain/errors.ts';
import { KEY_BYTES } from './authenticated-encryption.ts';

/**
 * The key file: one key a line, `<id> <32 bytes in base64>`, and behind at most one of them the word `primary`.
 * Ids are whole numbers from 1. The primary key, or else the one with the highest id, wraps; all others only unwrap.
 * Blank lines and lines that begin with `#` are left out.
 *
 * To bring in a new key without a restart of all replicas at once: add it while the old one is marked `primary`,
 * restart all, move the mark, restart all, rewrap, then remove the old key.
 */
export interface KeyFile {
  readonly primaryKeyId: number;
  readonly keys: readonly KeyEncryptionKey[];
}

export interface KeyEncryptionKey {
  readonly id: number;
  readonly bytes: Buffer;
}

/** The keys are not fit for use: the service must not start. The message says which key of which file, and never holds a key. */
export class KeyRingError extends OperatorError {
  override readonly name = 'KeyRingError';
}

/** As the database keeps it. */
const MAX_KEY_ID = 2 ** 31 - 1;
/** Hundreds of keys; a larger file is something else. */
const MAX_FILE_BYTES = 64 * 1024;
const LINE = /^(?<id>\S+)[ \t]+(?<key>\S+)(?:[ \t]+(?<mark>\S+))?$/;
const KEY_ID = /^[1-9][0-9]{0,9}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Undefined where there is no file.
 * @throws KeyRingError
 */
export async function readKeyFile(path: string): Promise<KeyFile | undefined> {
  const handle = await openUnlessMissing(path);
  if (handle === undefined) return undefined;
  try {
    await checkPrivate(path, handle);
    const content = await handle.readFile();
    try {
      return parseKeyFile(path, content.toString('latin1'));
    } finally {
      content.fill(0);
    }
  } finally {
    await handle.close();
  }
}

/**
 * Makes the file, and its folder, with one new key. A file that is there already stays as it is.
 * @throws KeyRingError
 */
export async function createKeyFile(path: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeDurably(draft, `1 ${randomBytes(KEY_BYTES).toString('base64')}\n`);
    try {
      // Unlike a rename, a link never replaces the key of a process that was quicker.
      await link(draft, path);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
    } finally {
      await unlink(draft);
    }
    await syncFolder(dirname(path));
  } catch (error) {
    throw new KeyRingError(`The key file ${path} cannot be made: ${errnoOf(error)}.`, { cause: error });
  }
}

async function openUnlessMissing(path: string): Promise<FileHandle | undefined> {
  try {
    // NONBLOCK: opening a named pipe would wait for ever for its writer.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) {
      throw new KeyRingError(`The key file ${path} cannot be opened: ${errnoOf(error)}.`, { cause: error });
    }
    if (await isLink(path)) throw new KeyRingError(`The key file ${path} is a symbolic link to nothing.`);
    return undefined;
  }
}

/** Asks the open file, not the path, which could change in between. Links are followed: mounted secrets are links. */
async function checkPrivate(path: string, handle: FileHandle): Promise<void> {
  const link = await lstat(path);
  if (link.isSymbolicLink() && !isTrustedOwner(link.uid)) {
    throw new KeyRingError(`The key file ${path} is a symbolic link that belongs to user ${link.uid}.`);
  }
  const file = await handle.stat();
  if (!file.isFile()) throw new KeyRingError(`The key file ${path} is not a regular file.`);
  if (file.size > MAX_FILE_BYTES)
    throw new KeyRingError(`The key file ${path} is larger than ${MAX_FILE_BYTES} bytes.`);
  if (!isTrustedOwner(file.uid)) {
    throw new KeyRingError(`The key file ${path} belongs to user ${file.uid}, not to the service's user or root.`);
  }
  if ((file.mode & 0o077) !== 0) {
    throw new KeyRingError(
      `The key file ${path} is open to others (mode ${(file.mode & 0o777).toString(8)}): chmod 600 it, and replace its keys if others may have read them.`,
    );
  }
}

function isTrustedOwner(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.();
}

function parseKeyFile(path: string, content: string): KeyFile {
  const keys: KeyEncryptionKey[] = [];
  let marked: number | undefined;
  for (const [index, line] of content.split(/\r?\n/).entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const { id: idText, key: keyText, mark } = LINE.exec(text)?.groups ?? {};
    const id = Number(idText);
    if (idText === undefined || keyText === undefined || !KEY_ID.test(idText) || id > MAX_KEY_ID) {
      throw new KeyRingError(`Line ${index + 1} of the key file ${path} is not "<id> <key in base64> [primary]".`);
    }
    const fault = (text: string) => new KeyRingError(`Key ${id} in the key file ${path} ${text}`);
    if (mark !== undefined && mark !== 'primary') throw fault('is followed by something else than the word primary.');
    if (mark !== undefined && marked !== undefined) throw fault(`is marked primary, and so is key ${marked}.`);
    if (mark !== undefined) marked = id;
    keys.push({ id, bytes: decodeKey(keyText, fault) });
    refuseRepeated(keys, fault);
  }
  if (keys.length === 0) throw new KeyRingError(`The key file ${path} holds no key.`);
  return { primaryKeyId: marked ?? Math.max(...keys.map(({ id }) => id)), keys };
}

function decodeKey(text: string, fault: (text: string) => KeyRingError): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (!BASE64.test(text) || bytes.toString('base64') !== text) throw fault('is not base64.');
  if (bytes.length !== KEY_BYTES) throw fault(`has ${bytes.length} bytes, and must have ${KEY_BYTES}.`);
  if (bytes.every((byte) => byte === bytes[0])) throw fault('is the same byte over and over: it is not a random key.');
  return bytes;
}

function refuseRepeated(keys: readonly KeyEncryptionKey[], fault: (text: string) => KeyRingError): void {
  const last = keys.at(-1);
  if (last === undefined) return;
  const others = keys.slice(0, -1);
  if (others.some(({ id }) => id === last.id)) throw fault('stands there twice.');
  const twin = others.find(({ bytes }) => bytes.equals(last.bytes));
  if (twin !== undefined) throw fault(`is the same key as key ${twin.id}.`);
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

/** Without it the name of a new file may be lost with the machine's power. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}

function isErrno(error: unknown, code: string): boolean {
  return errnoOf(error) === code;
}

function errnoOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'unknown error';
}
