import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { inject } from 'vitest';
import type { FailPoint, Order, Report } from './ports.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const PORTS = join(import.meta.dirname, 'ports.ts');
const BUNDLE = join(REPOSITORY, 'dist/fail-points');

/** The factories that give a port, by their file below `src`, and what is put around them. */
const FACTORIES: Readonly<Record<string, { readonly factory: string; readonly wrapper: string }>> = {
  'adapters/postgres/log/event-log.ts': { factory: 'createPostgresEventLog', wrapper: 'logAtFailPoints' },
  'adapters/kurrentdb/event-log.ts': { factory: 'createKurrentEventLog', wrapper: 'logAtFailPoints' },
  'adapters/vault/vault.ts': { factory: 'createVault', wrapper: 'vaultAtFailPoints' },
  'adapters/vault/minted-password-vault.ts': { factory: 'createMintedPasswordVault', wrapper: 'mintedAtFailPoints' },
  'adapters/minting/password-minter.ts': { factory: 'createPasswordMinter', wrapper: 'createMinterAtFailPoints' },
};

/** So that no round waits for housekeeping. */
const QUICKER: Readonly<Record<string, readonly [find: string, replace: string]>> = {
  'composition/periodic-work.ts': ['const HOUSEKEEPING_MS = 30_000;', 'const HOUSEKEEPING_MS = 300;'],
  'application/discard-orphaned-secrets.ts': ['ORPHANED_AFTER_MS = 10 * 60_000;', 'ORPHANED_AFTER_MS = 3_000;'],
};

const failPoints: Plugin = {
  name: 'fail points',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      const file = path.slice(join(REPOSITORY, 'src/').length);
      const { factory, wrapper } = FACTORIES[file] ?? {};
      const [find, replace] = QUICKER[file] ?? [];
      if (factory === undefined && find === undefined) return undefined;
      const source = await readFile(path, 'utf8');
      if (find !== undefined) return { contents: changed(source, find, replace ?? '', file), loader: 'ts' };
      const real = changed(source, `export function ${factory}(`, `function real_${factory}(`, file);
      const wrapped = `import { ${wrapper} } from ${JSON.stringify(PORTS)};
        export const ${factory} = (...args) => ${wrapper}(real_${factory}(...args));`;
      return { contents: `${real}\n${wrapped}`, loader: 'ts' };
    });
  },
};

function changed(source: string, find: string, replace: string, file: string): string {
  if (source.split(find).length !== 2) throw new Error(`${JSON.stringify(find)} must stand once in ${file}`);
  return source.replace(find, replace);
}

/** Bundles the service with fail points around its ports. */
export async function bundleWithFailPoints(): Promise<void> {
  // One that was moved would go without its fail points.
  for (const file of Object.keys({ ...FACTORIES, ...QUICKER })) await access(join(REPOSITORY, 'src', file));
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
