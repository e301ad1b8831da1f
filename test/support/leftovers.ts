import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that was told to end may take a moment. */
const ENDING_PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 50;

/**
 * What is left of a run whose files and processes all lie in this folder: each file and folder in it, and each process that
 * works in it or was given a path of it.
 */
export async function leftoversIn(folder: string, patienceMs = ENDING_PATIENCE_MS): Promise<string[]> {
  let processes = await processesIn(folder);
  for (const until = performance.now() + patienceMs; processes.length > 0 && performance.now() < until; ) {
    await delay(LOOK_EVERY_MS);
    processes = await processesIn(folder);
  }
  const files = await readdir(folder, { recursive: true });
  return [...processes, ...files.sort().map((file) => `file ${join(folder, file)}`)];
}

/** On systems without /proc none are found. */
async function processesIn(folder: string): Promise<string[]> {
  const entries = await readdir('/proc').catch(() => []);
  const pids = entries.filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end meanwhile.
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      const workingFolder = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      const isIn = [commandLine, workingFolder].some((text) => text.includes(folder));
      return isIn ? [`process ${pid} ${commandLine.split('\0').join(' ').trim().slice(0, 200)}`] : [];
    }),
  );
  return found.flat();
}
