import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readMigrations } from '../../src/adapters/postgres/migration-files.ts';

const execute = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const PREVIOUS = 'HEAD~1';
/** The checkout may belong to another user. */
const GIT = ['-c', 'safe.directory=*', '-C', REPOSITORY];

/** The programs as the previous commit has them. */
export interface PreviousBuild {
  readonly program: string;
  remove(): Promise<void>;
}

/** Why there is no previous build that this one can run beside; undefined if there is one. */
export async function noPreviousBuild(): Promise<string | undefined> {
  if (git('rev-parse', '--verify', '--quiet', `${PREVIOUS}^{commit}`) === undefined) {
    return 'the previous commit is not here: git fetch --deepen=1';
  }
  const lines = (git('diff', '--name-status', '--no-renames', PREVIOUS, '--', 'migrations') ?? '').split('\n');
  const changes = lines.filter(Boolean).map((line) => ({ isAdded: line.startsWith('A'), name: basename(line) }));
  // Only before the first release, which freezes them.
  const rewritten = changes.find(({ isAdded }) => !isAdded);
  if (rewritten) return `${rewritten.name} was rewritten since the previous commit`;
  const isNew = (name: string) => changes.some((change) => change.name === name);
  const migrations = await readMigrations();
  const newestKnown = migrations.filter(({ name }) => !isNew(name)).at(-1)?.version ?? 0;
  const breaking = migrations.find(({ name, compatibleSince }) => isNew(name) && compatibleSince > newestKnown);
  return breaking && `the previous commit cannot run beside ${breaking.name}, which breaks it`;
}

/** Builds it in a temporary folder, with the packages of this checkout. */
export async function buildPrevious(): Promise<PreviousBuild> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-previous-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const archive = join(folder, 'commit.tar');
    await execute('git', [...GIT, 'archive', '--output', archive, PREVIOUS]);
    await execute('tar', ['-xf', archive, '-C', folder]);
    await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
    await execute('npm', ['run', '-s', 'build'], { cwd: folder });
    return { program: join(folder, 'dist/bin/purser.js'), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Undefined if git fails, or is not there. */
function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', [...GIT, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}
