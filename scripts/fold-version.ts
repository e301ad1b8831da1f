import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folds whose states are kept in snapshots. */
const FOLDS = 'src/application/folds.ts';
export const FOLD_VERSION_FILE = 'src/application/fold-version.ts';
/** Imports of types alone have no effect on a state. */
const RUNTIME_IMPORT = /^(?:import|export) (?!type )[^;]*?from '(?<path>\.[^']+)';/gm;

type ReadSource = (path: string) => string;
const readSource: ReadSource = (path) => readFileSync(path, 'utf8');

/** The folds and every file that they run, by path. */
export function foldSources(read: ReadSource = readSource): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  const visit = (path: string): void => {
    if (sources.has(path)) return;
    const text = read(path);
    sources.set(path, text);
    for (const { groups } of text.matchAll(RUNTIME_IMPORT)) visit(join(dirname(path), groups?.path ?? ''));
  };
  visit(FOLDS);
  return new Map([...sources].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function foldVersion(read: ReadSource = readSource): string {
  return createHash('sha256')
    .update(JSON.stringify([...foldSources(read)]))
    .digest('hex')
    .slice(0, 16);
}

/** The module that tells a running service its version: it has no sources to read. */
export function foldVersionModule(): string {
  return `/**
 * A hash of the folds in \`folds.ts\` and of what they run. A snapshot that another version made is not used.
 * Written by \`npm run -s generate\`.
 */
export const FOLD_VERSION = '${foldVersion()}';
`;
}
