import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Moved } from './moved-world.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/purser.js', import.meta.url));
const WORLD = fileURLToPath(new URL('./moved-world.js', import.meta.url));
const LAST_LINES = 20;

/** The built program with an embedded Postgres, in a folder that goes when it stops. */
export interface Service extends AsyncDisposable {
  readonly url: string;
  /** Of the service, in milliseconds since 1970. */
  now(): number;
  /** Sets its clock, which goes on from there. */
  moveClock(to: number): Promise<void>;
}

/** @param startsAt what its clock says first, in milliseconds since 1970 */
export async function startService(environment: Readonly<Record<string, string>>, startsAt: number): Promise<Service> {
  const dataDir = await mkdtemp(join(tmpdir(), 'purser-screenshots-'));
  let offset = startsAt - Date.now();
  const child = spawn(process.execPath, ['--import', WORLD, PROGRAM, 'serve'], {
    cwd: dataDir,
    env: {
      PATH: process.env.PATH,
      PURSER_DATA_DIR: dataDir,
      PORT: '0',
      SCREENSHOTS_CLOCK_OFFSET: String(offset),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  let url: string | undefined;
  for (const stream of [child.stdout, child.stderr].filter((piped) => piped !== null)) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
      url ??= /"url":"([^"]+)","msg":"listening"/.exec(line)?.[1];
    });
  }
  /** So that Ctrl-C leaves nothing either. */
  const interrupted = () => void stop().then(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  const stop = async () => {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    await rm(dataDir, { recursive: true, force: true });
  };

  while (url === undefined || !(await isReady(url))) {
    if (child.exitCode !== null) {
      await stop();
      throw new Error(`the service ended:\n${lines.join('\n')}`);
    }
    await delay(50);
  }
  const origin = url;
  return {
    url: origin,
    now: () => Date.now() + offset,
    async moveClock(to) {
      offset = to - Date.now();
      const moved: Moved = { clockOffsetMs: offset };
      child.send(moved);
      await once(child, 'message');
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`).catch(() => undefined);
  return answer?.ok === true;
}
