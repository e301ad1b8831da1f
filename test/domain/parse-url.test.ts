import { expect, it } from 'vitest';
import { parseUrl } from '../../src/domain/parse-url.ts';

/** Node.js compiles a function after this many calls. */
const CALLS = 50_000;

it('parsing a URL gives the same result, however often it is called', () => {
  const hosts = new Set<string | undefined>();
  for (let call = 0; call < CALLS; call += 1) hosts.add(parseUrl('https://bücher.example/')?.hostname);
  expect([...hosts]).toEqual(['xn--bcher-kva.example']);
});

it('a relative URL needs a base', () => {
  expect(parseUrl('/uploads/1')).toBeUndefined();
  expect(parseUrl('/uploads/1', new URL('https://registry.example/v2/'))?.href).toBe(
    'https://registry.example/uploads/1',
  );
  expect(parseUrl('https://[')).toBeUndefined();
});
