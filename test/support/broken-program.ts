import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { type Fault, putIn } from './mutant.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const OPTIONS = join(REPOSITORY, 'bundle-options.mjs');

/** The service, to be started with `createPurserHome`. */
export interface BrokenProgram {
  readonly program: string;
  remove(): Promise<void>;
}

/**
 * Builds the service with faults in its sources: the negative control of a test that runs the built program. Files are named from
 * `src` on.
 * @throws Error if a fault does not fit
 */
export async function buildBroken(...faults: readonly Fault[]): Promise<BrokenProgram> {
  // As deep as `dist/bin`: the program finds its packages and migrations from there.
  const outdir = await mkdtemp(join(REPOSITORY, 'dist/broken-'));
  const remove = () => rm(outdir, { recursive: true, force: true });
  try {
    await bundle(outdir, faults);
    return { program: join(outdir, 'purser.js'), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function bundle(outdir: string, faults: readonly Fault[]): Promise<void> {
  const { serviceBundle }: { readonly serviceBundle: BuildOptions } = await import(OPTIONS);
  const broken = new Set<string>();
  await build({
    ...serviceBundle,
    absWorkingDir: REPOSITORY,
    outdir,
    sourcemap: false,
    define: { PURSER_VERSION: '"0.0.0-broken"' },
    plugins: [
      {
        name: 'faults',
        setup({ onLoad }) {
          onLoad({ filter: /[/]src[/].*[.]ts$/ }, async ({ path }) => {
            const file = relative(join(REPOSITORY, 'src'), path);
            const planted = faults.filter((fault) => fault.file === file);
            if (planted.length === 0) return undefined;
            broken.add(file);
            return { contents: planted.reduce(putIn, await readFile(path, 'utf8')), loader: 'ts' };
          });
        },
      },
    ],
  });
  for (const { file } of faults) if (!broken.has(file)) throw new Error(`the service has no file ${file}`);
}
