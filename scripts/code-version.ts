import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folds whose states are kept in snapshots. */
export const FOLDS = 'src/application/log/folds.ts';
/** What makes the rows of the read models. */
export const READ_MODELS = 'src/adapters/postgres/read-models/folded-parts.ts';
export const FOLD_VERSION_FILE = 'src/application/log/fold-version.ts';
export const READ_MODELS_VERSION_FILE = 'src/adapters/postgres/read-models/read-models-version.ts';
/** Imports of types alone have no effect on a state. */
const RUNTIME_IMPORT = /^(?:import|export) (?!type )[^;]*?from '(?<path>\.[^']+)';/gm;

type ReadSource = (path: string) => string;
const readSource: ReadSource = (path) => readFileSync(path, 'utf8');

/** The file and every file that it runs, by path. */
export function sourcesRun(entry: string, read: ReadSource = readSource): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  const visit = (path: string): void => {
    if (sources.has(path)) return;
    const text = read(path);
    sources.set(path, text);
    for (const { groups } of text.matchAll(RUNTIME_IMPORT)) visit(join(dirname(path), groups?.path ?? ''));
  };
  visit(entry);
  return new Map([...sources].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function codeVersion(entry: string, read: ReadSource = readSource): string {
  return createHash('sha256')
    .update(JSON.stringify([...sourcesRun(entry, read)]))
    .digest('hex')
    .slice(0, 16);
}

/** The modules that tell a running service its versions: it has no sources to read. */
export function foldVersionModule(): string {
  return `/**
 * A hash of the folds in \`folds.ts\` and of what they run. A snapshot that another version made is not used.
 * Written by \`npm run -s generate\`.
 */
export const FOLD_VERSION = '${codeVersion(FOLDS)}';
`;
}

export function readModelsVersionModule(): string {
  return `/**
 * A hash of what makes the rows of the read models. A rebuild that another version left is not gone on with.
 * Written by \`npm run -s generate\`.
 */
export const READ_MODELS_VERSION = '${codeVersion(READ_MODELS)}';
`;
}
