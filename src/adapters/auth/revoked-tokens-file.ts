import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Revocations } from '../../application/ports/authenticator.ts';
import { errorCode } from '../../domain/error-code.ts';
import { type RevokedTokens, RevokedTokensError, readRevokedTokens } from './revoked-tokens.ts';

/** A change takes effect within two seconds, with the time to read the file. */
const LOOK_EVERY_MS = 500;
const MAX_FILE_BYTES = 128 * 1024 * 1024;

class UnreadableFile extends RevokedTokensError {}

/** The list that is in force. */
export interface RevokedTokensFile extends Revocations {
  close(): Promise<void>;
}

export const NO_REVOCATIONS: RevokedTokensFile = {
  isRevoked: () => false,
  onChange: () => undefined,
  close: async () => undefined,
};

export interface RevokedTokensFileOptions {
  /** Undefined: no token is revoked. */
  readonly path: string | undefined;
  /** The names of all issuers. */
  readonly issuers: ReadonlySet<string>;
  /** The file was changed and cannot be used: the last good list stays in force. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Reads REVOKED_TOKENS_FILE, and again whenever it changes. It looks for another file, size or time under the path, which
 * finds a file that was renamed to it and a link that was pointed elsewhere, as in Kubernetes, and works on every file
 * system.
 * @throws RevokedTokensError if the file cannot be used
 */
export async function openRevokedTokensFile({
  path,
  issuers,
  onFault,
}: RevokedTokensFileOptions): Promise<RevokedTokensFile> {
  if (path === undefined) return NO_REVOCATIONS;
  const listeners: (() => void)[] = [];
  const read = () => readFile(path, issuers);
  let seen = await stateOf(path);
  let current = await read();
  let unread = false;

  async function look(file: string): Promise<void> {
    const state = await stateOf(file);
    const isChanged = state !== seen;
    if (!isChanged && !unread) return;
    // Before it is read: if it changes meanwhile, it is read once more.
    seen = state;
    try {
      current = await read();
      unread = false;
      for (const listener of listeners) listener();
    } catch (error) {
      // What a file says stays wrong until it changes. Reading may succeed the next time: with a free descriptor, or when the
      // file system answers again.
      unread = error instanceof UnreadableFile;
      if (isChanged || !unread) onFault(error);
    }
  }

  let closed = false;
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    if (looking !== undefined || closed) return;
    looking = look(path).finally(() => {
      looking = undefined;
    });
  }, LOOK_EVERY_MS);
  timer.unref();

  return {
    isRevoked: (principal) => current.isRevoked(principal),
    onChange: (listener) => {
      listeners.push(listener);
    },
    async close() {
      closed = true;
      clearInterval(timer);
      await looking;
    },
  };
}

/** Differs whenever the file is another one or was written. Undefined: there is none. */
async function stateOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return undefined;
  }
}

async function readFile(path: string, issuers: ReadonlySet<string>): Promise<RevokedTokens> {
  const source = `REVOKED_TOKENS_FILE (${path})`;
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES)
      throw new RevokedTokensError(`${source}: has more than 128 MiB. Remove expired tokens from it.`);
    return await readRevokedTokens(file.readLines({ encoding: 'utf8' }), issuers, source);
  } catch (error) {
    if (error instanceof RevokedTokensError) throw error;
    const code = errorCode(error) ?? error;
    throw new UnreadableFile(
      `${source}: cannot be read (${code}). Give the path of a file that the service may read.`,
      { cause: error },
    );
  } finally {
    await file?.close();
  }
}
