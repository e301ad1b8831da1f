import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { foldSources, foldVersion } from '../../scripts/fold-version.ts';

/** As if something had been added to the file. */
const changedIn = (changed: string) => (path: string) => readFileSync(path, 'utf8') + (path === changed ? ' ' : '');

const SOURCES = [...foldSources().keys()];

it('the version of the folds is of what they run, and of nothing that they only take types from', () => {
  for (const run of [
    'application/folds',
    'domain/event-codec',
    'domain/events',
    'domain/evolve-registry',
    'domain/told',
  ]) {
    expect(SOURCES).toContain(`src/${run}.ts`);
  }
  expect(SOURCES).not.toContain('src/domain/registry.ts');
  expect(SOURCES).not.toContain('src/domain/notices.ts');
});

it.each(SOURCES)('a change of %s is another version', (path) => {
  expect(foldVersion(changedIn(path))).not.toBe(foldVersion());
});

it('a change elsewhere is not', () => {
  expect(foldVersion(changedIn('src/domain/registry.ts'))).toBe(foldVersion());
});
