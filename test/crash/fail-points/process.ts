import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { inject } from 'vitest';
import { type Fault, putIn } from '../../support/mutant.ts';
import { CHANGES } from './changes.ts';
import type { FailPoint, Order, Report } from './ports.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

export interface FailingBundle {
  /** Of the folder below `dist`. */
  readonly name: string;
  /** The path of what it begins with. */
  readonly entry: string;
  readonly changes: readonly Fault[];
}

const SERVICE: FailingBundle = {
  name: 'fail-points',
  entry: join(import.meta.dirname, 'child.ts'),
  changes: CHANGES,
};

/** Bundles the service with fail points around its ports. */
export async function bundleWithFailPoints(): Promise<void> {
  await bundleFailing(SERVICE);
}

/** Bundles sources with changes in them. @returns the path of the program */
export async function bundleFailing({ name, entry, changes }: FailingBundle): Promise<string> {
  // One that was moved would go without its fail points.
  for (const { file } of changes) await access(join(REPOSITORY, 'src', file));
  const failPoints: Plugin = {
    name: 'fail points',
    setup({ onLoad }) {
      onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
        const ofFile = changes.filter(({ file }) => join(REPOSITORY, 'src', file) === path);
        if (ofFile.length === 0) return undefined;
        return { contents: ofFile.reduce(putIn, await readFile(path, 'utf8')), loader: 'ts' };
      });
    },
  };
  const { serviceBundle }: { serviceBundle: BuildOptions } = await import(join(REPOSITORY, 'bundle-options.mjs'));
  await build({
    ...serviceBundle,
    absWorkingDir: REPOSITORY,
    entryPoints: { child: entry },
    outdir: bundleOf(name),
    plugins: [failPoints],
    define: { PURSER_VERSION: '"fail-points"' },
  });
  return join(bundleOf(name), 'child.js');
}

const bundleOf = (name: string) => join(REPOSITORY, 'dist', name);

export interface FailingProcess {
  readonly url: string;
  dieAt(point: FailPoint): void;
  /** Has it freeze once at the point. Resolves when it did. */
  frozenAt(point: FailPoint): Promise<void>;
  thaw(): void;
  /** The points that it passes while this is done. */
  passedDuring(work: () => Promise<unknown>): Promise<FailPoint[]>;
  /** Resolves when it has ended, with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  kill(): Promise<void>;
}

export async function startFailingProcess(environment: Readonly<Record<string, string>>): Promise<FailingProcess> {
  const log = await open(join(inject('logFolder'), `fail-points-${randomBytes(6).toString('hex')}.log`), 'a');
  const child = fork(join(bundleOf(SERVICE.name), 'child.js'), {
    env: environment,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  await log.close();
  const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
  const url = await Promise.race([urlOf(child), ended.then(() => Promise.reject(new Error('it did not start')))]);
  const order = (given: Order) => void child.send(given);
  return {
    url,
    ended,
    dieAt: (point) => order({ dieAt: point }),
    async frozenAt(point) {
      const frozen = new Promise<void>((resolve) => {
        child.on('message', (report: Report) => 'frozenAt' in report && resolve());
      });
      order({ freezeAt: point });
      await frozen;
    },
    thaw: () => void child.kill('SIGCONT'),
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
