import { expect, test } from 'vitest';
import { parseLifetime } from '../../../src/adapters/auth/token-lifetime.ts';

test.each([
  ['1s', 1],
  ['90s', 90],
  ['30m', 1800],
  ['1h', 3600],
  ['7d', 604_800],
  ['365d', 31_536_000],
  ['007m', 420],
])('%s is %i seconds', (text, seconds) => {
  expect(parseLifetime(text)).toBe(seconds);
});

test.each([
  '',
  '0s',
  '00h',
  '-1h',
  '+1h',
  '1',
  'h',
  '1H',
  '1 h',
  ' 1h',
  '1h ',
  '1h30m',
  '1.5h',
  '1e3s',
  '366d',
  '999999999d',
  '10000000000s',
  '１h',
  '1w',
  'toString',
  '1h\n',
])('%j is no lifetime', (text) => {
  expect(parseLifetime(text)).toBeUndefined();
});
