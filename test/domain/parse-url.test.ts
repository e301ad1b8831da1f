import { expect, it } from 'vitest';
import { parseUrl } from '../../src/domain/parse-url.ts';

/** After as many calls Node.js compiles a function. */
const CALLS = 50_000;

it('says the same of a URL however often it is asked', () => {
  const hosts = new Set<string | undefined>();
  for (let call = 0; call < CALLS; call += 1) hosts.add(parseUrl('https://bücher.example/')?.hostname);
  expect([...hosts]).toEqual(['xn--bcher-kva.example']);
});

it('takes a relative URL with its base alone', () => {
  expect(parseUrl('/uploads/1')).toBeUndefined();
  expect(parseUrl('/uploads/1', new URL('https://registry.example/v2/'))?.href).toBe(
    'https://registry.example/uploads/1',
  );
  expect(parseUrl('https://[')).toBeUndefined();
});
