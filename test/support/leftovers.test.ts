import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { leftoversIn } from './leftovers.ts';

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'purser-leftovers-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Sleeps until it is killed. */
async function startProcess(cwd: string, ...args: string[]): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['-e', 'console.log(); setInterval(() => {}, 1000)', ...args], {
    cwd,
    stdio: 'pipe',
  });
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  return kill;
}

describe('what a run leaves behind', () => {
  it('is nothing where its folder is empty', async () => {
    expect(await leftoversIn(await makeFolder())).toEqual([]);
  });

  it('is a folder, and a key in it', async () => {
    const folder = await makeFolder();
    await mkdir(join(folder, 'purser-data-1'));
    await writeFile(join(folder, 'purser-data-1/master-key'), '1 …');
    expect(await leftoversIn(folder)).toEqual([
      `file ${join(folder, 'purser-data-1')}`,
      `file ${join(folder, 'purser-data-1/master-key')}`,
    ]);
  });

  it.skipIf(process.platform !== 'linux')('is a process that works there, or was given a path there', async () => {
    const folder = await makeFolder();
    const killOne = await startProcess(folder);
    const killOther = await startProcess('/', join(folder, 'data'));
    expect(await leftoversIn(folder, 100)).toEqual([
      expect.stringMatching(/^process \d+ /),
      expect.stringMatching(/^process \d+ .*\/data$/),
    ]);
    await Promise.all([killOne(), killOther()]);
    expect(await leftoversIn(folder)).toEqual([]);
  });
});
