import { describe, expect, it } from 'vitest';
import {
  flag,
  instant,
  known,
  oneOf,
  parseSearch,
  someOf,
  stringifySearch,
  text,
  wholeNumber,
} from '../../src/app/search-params.ts';

describe('search parameters', () => {
  it('are plain texts in the address, and a list where a name stands several times', () => {
    expect(parseSearch('?q=a%20b&status=FAILING&status=EXPIRED')).toEqual({ q: 'a b', status: ['FAILING', 'EXPIRED'] });
    expect(stringifySearch({ q: 'a b', status: ['FAILING', 'EXPIRED'], all: true, none: undefined, no: false })).toBe(
      '?q=a+b&status=FAILING&status=EXPIRED&all=1',
    );
    expect(stringifySearch({})).toBe('');
  });

  it('come back as they were written', () => {
    const search = { q: '"{&=?ü', status: ['A', 'B'] };
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });

  it('that nobody knows are dropped', () => {
    expect(known({ order: oneOf('DROP TABLE', ['URL']), status: someOf(['X'], ['A']), q: text('') })).toEqual({});
    expect(someOf(['B', 'A', 'B', 'X'], ['A', 'B'])).toEqual(['A', 'B']);
    expect(oneOf(['URL', 'NAME'], ['URL', 'NAME'])).toBe('URL');
    expect(text('x'.repeat(20), 5)).toBe('xxxxx');
    expect([flag('1'), flag(true), flag('true'), flag('0'), flag(undefined)]).toEqual([
      true,
      true,
      true,
      undefined,
      undefined,
    ]);
    expect([wholeNumber('7'), wholeNumber('-7'), wholeNumber('7.5'), wholeNumber('7', { to: 6 })]).toEqual([
      7,
      undefined,
      undefined,
      undefined,
    ]);
    expect([instant('2026-03-01'), instant('2026-03-01T09:30:00+01:00'), instant('yesterday')]).toEqual([
      '2026-03-01T00:00:00.000Z',
      '2026-03-01T08:30:00.000Z',
      undefined,
    ]);
  });
});
