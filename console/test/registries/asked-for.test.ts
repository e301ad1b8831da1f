import { describe, expect, it } from 'vitest';
import { filtersInForce, isNarrowed, variablesOf, without } from '../../src/views/registries/asked-for.ts';
import { registriesSearch } from '../../src/views/registries/search.ts';

const NOW = Date.parse('2026-03-01T09:30:45.678Z');

describe('the list of registries', () => {
  it('is asked for by name if the address has nothing', () => {
    expect(variablesOf('demo', registriesSearch({}), NOW)).toEqual({
      projectId: 'demo',
      orderBy: { field: 'NAME', direction: 'ASC' },
    });
  });

  it('is filtered by all that the address has, with spans counted from the minute', () => {
    const search = registriesSearch({
      q: 'ghcr',
      status: ['FAILING', 'EXPIRED'],
      provider: 'GITHUB',
      expiresInDays: '7',
      unusedDays: '30',
      overdue: '1',
      neverTested: '1',
      order: 'EXPIRES_AT',
      direction: 'DESC',
    });
    expect(variablesOf('demo', search, NOW)).toEqual({
      projectId: 'demo',
      orderBy: { field: 'EXPIRES_AT', direction: 'DESC' },
      filter: {
        search: 'ghcr',
        statuses: ['EXPIRED', 'FAILING'],
        provider: 'GITHUB',
        expiresBefore: '2026-03-08T09:30:00.000Z',
        unusedSince: '2026-01-30T09:30:00.000Z',
        rotationDueBefore: '2026-03-01T09:30:00.000Z',
        neverTested: true,
      },
    });
    expect(filtersInForce(search).map(({ label }) => label)).toEqual([
      'Search: ghcr',
      'Status: Expired, Failing',
      'Provider: GitHub',
      'Expires within 7 days',
      'Not used for 30 days',
      'Rotation overdue',
      'Never tested',
    ]);
  });

  it('drops from the address what it does not know', () => {
    const search = registriesSearch({
      status: 'GONE',
      provider: 'nobody',
      expiresInDays: '-1',
      unusedDays: '1e9',
      overdue: 'no',
    });
    expect(search).toEqual({});
    expect(isNarrowed(search)).toBe(false);
  });

  it('keeps its order when filters are cleared', () => {
    const search = registriesSearch({ q: 'ghcr', overdue: '1', order: 'URL' });
    expect(without(search, ['q', 'overdue'])).toEqual({ order: 'URL' });
    expect(without(search, ['q'])).toEqual({ overdue: true, order: 'URL' });
  });
});
