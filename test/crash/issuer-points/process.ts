import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { inject } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const BUNDLE = join(REPOSITORY, 'dist/issuer-points');

/** What the test tells the process, and where to die meanwhile. */
export type Order = { readonly dieAt?: string | undefined } & (
  | { readonly stage: string; readonly key: string }
  | { readonly aheadMs: number }
);

/** What the process tells the test once an order is done, with the points that it passed. */
export interface Report {
  readonly passed: readonly string[];
  readonly fault: string | null;
}

export async function bundleIssuingProcess(): Promise<void> {
  const { serviceBundle }: { serviceBundle: BuildOptions } = await import(join(REPOSITORY, 'bundle-options.mjs'));
  await build({
    ...serviceBundle,
    absWorkingDir: REPOSITORY,
    entryPoints: { child: join(import.meta.dirname, 'child.ts') },
    outdir: BUNDLE,
  });
}

export interface IssuingProcess extends AsyncDisposable {
  /** Undefined if it was killed meanwhile. */
  take(order: Order): Promise<Report | undefined>;
  kill(): Promise<void>;
}

export async function startIssuingProcess(environment: Readonly<Record<string, string>>): Promise<IssuingProcess> {
  const log = await open(join(inject('logFolder'), `issuer-points-${randomBytes(6).toString('hex')}.log`), 'a');
  const child = fork(join(BUNDLE, 'child.js'), { env: environment, stdio: ['ignore', log.fd, log.fd, 'ipc'] });
  await log.close();
  const ended = once(child, 'exit').then(() => undefined);
  const report = (): Promise<Report | undefined> =>
    Promise.race([once(child, 'message').then(([said]) => said as Report), ended]);
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  if ((await report()) === undefined) throw new Error('the process did not start');
  return {
    take(order) {
      const done = report();
      child.send(order);
      return done;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
