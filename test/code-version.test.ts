import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeVersion, FOLDS, READ_MODELS, sourcesRun } from '../scripts/code-version.ts';

/** As if something had been added to the file. */
const changedIn = (changed: string) => (path: string) => readFileSync(path, 'utf8') + (path === changed ? ' ' : '');

describe.each([
  [
    'folds',
    FOLDS,
    {
      run: ['application/log/folds', 'domain/event-codec', 'domain/events', 'domain/evolve-registry', 'domain/told'],
      onlyTypes: ['domain/registry', 'domain/notices'],
    },
  ],
  [
    'read models',
    READ_MODELS,
    {
      run: [
        'adapters/postgres/read-models/all-read-models',
        'adapters/postgres/read-models/audit',
        'adapters/postgres/read-models/registries',
        'domain/notices',
      ],
      onlyTypes: ['application/ports/event-authenticator'],
    },
  ],
])('the version of the %s', (_, entry, { run, onlyTypes }) => {
  const sources = [...sourcesRun(entry).keys()];

  it('is of what they run, and of nothing that they only take types from', () => {
    for (const file of run) expect(sources).toContain(`src/${file}.ts`);
    for (const file of onlyTypes) expect(sources).not.toContain(`src/${file}.ts`);
  });

  it.each(sources)('is another one after a change of %s', (path) => {
    expect(codeVersion(entry, changedIn(path))).not.toBe(codeVersion(entry));
  });

  it('stays after a change elsewhere', () => {
    for (const file of onlyTypes) {
      expect(codeVersion(entry, changedIn(`src/${file}.ts`))).toBe(codeVersion(entry));
    }
  });
});
