import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterFiles } from '../../src/adapters/postgres/embedded/cluster.ts';
import { findPostmaster } from '../../src/adapters/postgres/embedded/postmaster.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

let dataDir: string;
let npm: ChildProcess;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'purser-npm-'));
  npm = spawn('npm', ['start'], {
    cwd: REPOSITORY,
    env: { ...process.env, NODE_ENV: 'development', PURSER_DATA_DIR: dataDir, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A separate process group, so that a signal reaches only the process that it is sent to.
    detached: true,
  });
  let said = '';
  npm.stdout?.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  await expect.poll(() => said).toContain('"msg":"listening"');
});
afterEach(async () => {
  // Ends processes that still run after a failed test.
  if (npm.pid !== undefined) killGroup(npm.pid);
  const postmaster = await findPostmaster(clusterFiles(dataDir).clusterDir);
  if (postmaster) process.kill(postmaster.pid, 'SIGQUIT');
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Those that are still there of a process and all that it started. */
async function familyOf(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const status = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const [, state, parent] = /^\d+ \(.*\) (\S) (\d+)/s.exec(status) ?? [];
    if (state !== undefined && state !== 'Z') parents.set(Number(name), Number(parent));
  }
  const family = [pid];
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.push(child);
  return family.filter((member) => parents.has(member));
}

describe.skipIf(process.platform !== 'linux')('npm start', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with its service and its Postgres on %s',
    async (signal) => {
      const pid = npm.pid ?? 0;
      const family = await familyOf(pid);
      // npm, the service, Postgres and its workers.
      expect(family.length).toBeGreaterThan(3);
      const ended = once(npm, 'exit');
      npm.kill(signal);
      await ended;
      const left = async () => (await Promise.all(family.map(familyOf))).flat();
      await expect.poll(left).toEqual([]);
      expect(await findPostmaster(clusterFiles(dataDir).clusterDir)).toBeUndefined();
    },
    60_000,
  );

  it('ends with its service and its Postgres when its terminal is closed', async () => {
    const pid = npm.pid ?? 0;
    const family = await familyOf(pid);
    const ended = once(npm, 'exit');
    // A terminal tells all of its foreground group.
    process.kill(-pid, 'SIGHUP');
    await ended;
    const left = async () => (await Promise.all(family.map(familyOf))).flat();
    await expect.poll(left).toEqual([]);
    expect(await findPostmaster(clusterFiles(dataDir).clusterDir)).toBeUndefined();
  });

  it('ends with them when the process that npm started is asked to stop', async () => {
    const [, child = 0, ...others] = await familyOf(npm.pid ?? 0);
    const ended = once(npm, 'exit');
    process.kill(child, 'SIGTERM');
    await ended;
    const left = async () => (await Promise.all([child, ...others].map(familyOf))).flat();
    await expect.poll(left).toEqual([]);
  });
});
