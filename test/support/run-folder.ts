import { rmSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { failingTheRun } from './end-of-run.ts';
import { leftoversIn } from './leftovers.ts';

const NAME = 'purser-run-';

/**
 * Gives the tests a folder for all that is temporary, which must be empty and without processes at the end of the run. Comes before
 * every other set-up, so that it is torn down after them.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const before = process.env.TMPDIR;
  // Beside the folder of another project's tests.
  const parent = basename(tmpdir()).startsWith(NAME) ? dirname(tmpdir()) : tmpdir();
  const folder = await mkdtemp(join(parent, NAME));
  // Some tests run programs as another user.
  await chmod(folder, 0o755);
  process.env.TMPDIR = folder;
  // For a run that is interrupted.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return failingTheRun(async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const left = await leftoversIn(folder);
    await rm(folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`The tests left behind:\n${left.slice(0, 50).join('\n')}`);
  });
}
