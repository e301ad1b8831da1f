import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { regularExpressionsIn, slowest } from './support/regular-expressions.ts';
import { readSourceFiles } from './support/source-files.ts';

const SOURCES = readSourceFiles(fileURLToPath(new URL('../src', import.meta.url)));
/** Over that of a certificate: what takes linear time is far below the limit, and what takes quadratic time far above it. */
const LENGTH = 32_000;
const MAX_MS = 60;

/** Growing lengths, so that an expression whose time doubles with each character is found before it hangs the test. */
function tooSlow(expression: RegExp): string | undefined {
  for (const length of [24, 300, 1500, 8000, LENGTH]) {
    const { ms, text } = slowest(expression, length);
    if (ms > MAX_MS)
      return `${Math.round(ms)} ms for ${length} characters such as ${JSON.stringify(text.slice(0, 20))}`;
  }
  return undefined;
}

it('no regular expression of the service takes more than linear time', () => {
  const found = [...SOURCES].flatMap(([file, source]) =>
    regularExpressionsIn(source).map((expression) => ({ file, expression })),
  );
  expect(found.length).toBeGreaterThan(100);
  const slow = found.flatMap(({ file, expression }) => {
    const fault = tooSlow(expression);
    return fault === undefined ? [] : [`${file}: ${expression}: ${fault}`];
  });
  expect(slow).toEqual([]);
});

it.each([
  ['that doubles with each character', /^(?:a+)+$/],
  ['that begins anew at each character', /\s+$/],
  ['with two neighbours that take the same', /^\d+\d+x$/],
])('an expression %s is found', (_, expression) => {
  expect(tooSlow(expression)).toMatch(/ms for/);
});
