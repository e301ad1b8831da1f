import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { inject } from 'vitest';
import { putIn } from '../../support/mutant.ts';
import { CHANGES } from './changes.ts';
import type { FailPoint, Order, Report } from './ports.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const BUNDLE = join(REPOSITORY, 'dist/fail-points');

const failPoints: Plugin = {
  name: 'fail points',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const file = path.slice(join(REPOSITORY, 'src/').length);
      const change = CHANGES.find((each) => each.file === file);
      return change && { contents: putIn(await readFile(path, 'utf8'), change), loader: 'ts' };
    });
  },
};

/** Bundles the service with fail points around its ports. */
export async function bundleWithFailPoints(): Promise<void> {
  // One that was moved would go without its fail points.
  for (const { file } of CHANGES) await access(join(REPOSITORY, 'src', file));
  const { serviceBundle }: { serviceBundle: BuildOptions } = await import(join(REPOSITORY, 'bundle-options.mjs'));
  await build({
    ...serviceBundle,
    absWorkingDir: REPOSITORY,
    entryPoints: { child: join(import.meta.dirname, 'child.ts') },
    outdir: BUNDLE,
    plugins: [failPoints],
    define: { PURSER_VERSION: '"fail-points"' },
  });
}

export interface FailingProcess {
  readonly url: string;
  dieAt(point: FailPoint): void;
  /** The points that it passes while this is done. */
  passedDuring(work: () => Promise<unknown>): Promise<FailPoint[]>;
  /** Resolves when it has ended, with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  kill(): Promise<void>;
}

export async function startFailingProcess(environment: Readonly<Record<string, string>>): Promise<FailingProcess> {
  const log = await open(join(inject('logFolder'), `fail-points-${randomBytes(6).toString('hex')}.log`), 'a');
  const child = fork(join(BUNDLE, 'child.js'), { env: environment, stdio: ['ignore', log.fd, log.fd, 'ipc'] });
  await log.close();
  const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
  const url = await Promise.race([urlOf(child), ended.then(() => Promise.reject(new Error('it did not start')))]);
  const order = (given: Order) => void child.send(given);
  return {
    url,
    ended,
    dieAt: (point) => order({ dieAt: point }),
    async passedDuring(work) {
      const passed = new Set<FailPoint>();
      const listen = (report: Report) => 'passed' in report && passed.add(report.passed);
      child.on('message', listen);
      order({ record: true });
      await work();
      order({ record: false });
      child.off('message', listen);
      return [...passed];
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function urlOf(child: ChildProcess): Promise<string> {
  const [report]: Report[] = await once(child, 'message');
  if (report === undefined || !('url' in report)) throw new Error('the process began with something else');
  return report.url;
}
