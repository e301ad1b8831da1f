import { stat } from 'node:fs/promises';
import { type KeyRing, type KeyRingOptions, loadKeyRing } from './key-ring.ts';

/** The key ring of a service that runs: it follows its key file. */
export interface WatchedKeyRing extends KeyRing {
  /** Reads the file anew if it has changed. Never rejects. */
  look(): Promise<void>;
  /** Why the file cannot be used as it is now: the keys from before stay. */
  readonly fault: unknown;
}

export interface WatchedKeyRingOptions extends KeyRingOptions {
  /** Whether the keys of a changed file may be used. @throws KeyRingError if not */
  readonly admit: (changed: KeyRing, before: KeyRing) => Promise<void>;
}

/**
 * A wrapped key whose key is not known makes it look at the file at once, so that a row that another replica has just
 * written opens. It looks for another file, size or time under the path, which finds a file that was renamed to it and a
 * link that was pointed elsewhere, as in Kubernetes.
 * @throws KeyRingError if the file cannot be used at the start
 */
export async function openWatchedKeyRing({ admit, ...options }: WatchedKeyRingOptions): Promise<WatchedKeyRing> {
  let seen = await stateOf(options.file);
  let current = await loadKeyRing(options);
  let fault: unknown;
  let looking: Promise<void> | undefined;

  async function lookOnce(): Promise<void> {
    const state = await stateOf(options.file);
    if (state === seen && fault === undefined) return;
    try {
      const read = await loadKeyRing({ ...options, createIfMissing: false });
      await admit(read, current);
      current = read;
      fault = undefined;
      // From before the file was read: if it changed meanwhile, it is read once more.
      seen = state;
    } catch (error) {
      fault = error;
    }
  }

  async function look(): Promise<void> {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    await looking;
  }

  return {
    get primaryKeyId() {
      return current.primaryKeyId;
    },
    get keyIds() {
      return current.keyIds;
    },
    get fault() {
      return fault;
    },
    look,
    wrap: (dataKey, context, keyId) => current.wrap(dataKey, context, keyId),
    async unwrap(wrapped, context) {
      if (!current.keyIds.includes(wrapped.keyId)) await look();
      return current.unwrap(wrapped, context);
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
