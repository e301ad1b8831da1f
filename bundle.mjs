// Puts each program and all that it needs into `dist/bin`. From the 1,500 files of its libraries the service takes twice as
// long to load and 25 MB more memory.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { common, serviceBundle } from './bundle-options.mjs';

const FOLDER = 'dist/bin';
const { version } = JSON.parse(await readFile('package.json', 'utf8'));

const output = { outdir: FOLDER, metafile: true, define: { PURSER_VERSION: JSON.stringify(version) } };

const service = await build({ ...serviceBundle, ...output });

// One file, which can be copied to where pipelines run.
const helper = await build({
  ...common,
  ...output,
  entryPoints: { 'docker-credential-purser': 'src/clients/docker-credential-purser.ts' },
});

// What an earlier build left goes last: a service that runs from here may yet load a part of it.
const written = new Set(
  [service, helper].flatMap(({ metafile }) => Object.keys(metafile.outputs).map((path) => basename(path))),
);
for (const file of await readdir(FOLDER)) if (!written.has(file)) await rm(join(FOLDER, file));

// By its time `scripts/run.mjs` sees whether a source has changed since.
await writeFile(join(FOLDER, '.built'), '');
