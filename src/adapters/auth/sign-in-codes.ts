import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../domain/error-code.ts';
import { Secret } from '../../domain/secret.ts';

const FOLDER = 'console-sign-in';
const CODE_BYTES = 32;
const CODE = /^[A-Za-z0-9_-]{43}$/;
/** When it ends, in milliseconds since 1970, and the SHA-256 of the code. */
const FILE = /^(?<expiresAt>\d{1,16})-(?<digest>[0-9a-f]{64})$/;
const LIFETIME_MS = 60_000;

/** Codes that sign a person in to the console once, within a minute. */
export interface SignInCodes {
  create(): Promise<Secret>;
  /** Uses the code up. False if there is no such code, or no longer. */
  take(code: Secret): Promise<boolean>;
}

/**
 * Keeps the codes in a data folder, so that another process can make one for a service that runs. A file's name has the
 * hash of its code; removing the file is what takes the code, and only one process can remove it.
 * @param now milliseconds since 1970
 */
export function createSignInCodes(dataDir: string, now: () => number = Date.now): SignInCodes {
  const folder = join(dataDir, FOLDER);

  /** Those that have not ended. The others are removed. */
  async function kept(): Promise<{ name: string; digest: Buffer }[]> {
    const names = await readdir(folder).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    });
    const found = [];
    for (const name of names) {
      const { expiresAt, digest } = FILE.exec(name)?.groups ?? {};
      if (expiresAt === undefined || digest === undefined) continue;
      const left = Number(expiresAt) - now();
      // A clock that was set back must not make codes last longer.
      if (left > 0 && left <= LIFETIME_MS) found.push({ name, digest: Buffer.from(digest, 'hex') });
      else await removed(name);
    }
    return found;
  }

  async function removed(name: string): Promise<boolean> {
    try {
      await unlink(join(folder, name));
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  return {
    async create() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await kept();
      const code = randomBytes(CODE_BYTES).toString('base64url');
      const name = `${now() + LIFETIME_MS}-${digestOf(code).toString('hex')}`;
      await writeFile(join(folder, name), '', { flag: 'wx', mode: 0o600 });
      return new Secret(code);
    },

    async take(code) {
      const entered = code.reveal();
      if (!CODE.test(entered)) return false;
      const asked = digestOf(entered);
      // All are compared, so that the time tells nothing of which one is alike.
      const alike = (await kept()).filter(({ digest }) => timingSafeEqual(digest, asked));
      const [match] = alike;
      return match !== undefined && (await removed(match.name));
    },
  };
}

function digestOf(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}
