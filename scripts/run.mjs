// `npm start`, `npm run token` …: builds the programs if a source changed since the last build, then runs `purser` in
// this process, so that signals reach the service. Checking the sources takes about 20 ms, a build 20 s.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PROJECT = dirname(dirname(fileURLToPath(import.meta.url)));
const PROGRAM = join(PROJECT, 'dist/bin/purser.js');
/** Written when a build is complete. */
const STAMP = join(PROJECT, 'dist/bin/.built');
const FOLDERS = ['src', 'console'];
const FILES = [
  'package.json',
  'bundle.mjs',
  'bundle-options.mjs',
  'tsconfig.json',
  'tsconfig.build.json',
  'schema/schema.graphql',
];
/** The type check writes it as well. */
const GENERATED = join('console', 'src', 'api', 'generated');

/** Folders count as well, because removing a file changes them. A published package has no sources. */
function isCurrent() {
  if (!existsSync(STAMP)) return false;
  const built = statSync(STAMP).mtimeMs;
  const changed = (path) => existsSync(path) && statSync(path).mtimeMs > built;
  const sources = FOLDERS.filter((name) => existsSync(join(PROJECT, name))).flatMap((name) => [
    name,
    ...readdirSync(join(PROJECT, name), { recursive: true }).map((path) => join(name, path)),
  ]);
  return ![...FILES, ...sources]
    .filter((path) => !path.startsWith(GENERATED))
    .some((path) => changed(join(PROJECT, path)));
}

function canBuild() {
  const { resolve } = createRequire(join(PROJECT, 'package.json'));
  try {
    return ['typescript/package.json', 'esbuild'].every((name) => resolve(name));
  } catch {
    return false;
  }
}

function build() {
  if (!canBuild()) {
    process.stderr.write(
      existsSync(STAMP)
        ? 'The sources changed since Purser was built, and the tools that build it are not installed. Run: npm ci && npm run build\n'
        : 'Purser is not built, and the tools that build it are not installed. Run: npm ci && npm run build && npm prune --omit=dev\n',
    );
    process.exit(1);
  }
  process.stderr.write('Building Purser, as is done once after each change of its sources …\n');
  try {
    // Standard output belongs to the program: `TOKEN=$(npm run -s token …)`.
    execFileSync('npm', ['run', '-s', 'build'], { cwd: PROJECT, stdio: ['ignore', 2, 2] });
  } catch {
    process.stderr.write('Purser could not be built; the lines above say why.\n');
    process.exit(1);
  }
}

if (!isCurrent()) build();
process.argv[1] = PROGRAM;
await import(pathToFileURL(PROGRAM).href);
