import { describe, expect, it } from 'vitest';
import { registrySearch } from '../../src/views/registry/search.ts';
import { rotateSearch } from '../../src/views/rotate/search.ts';

describe('the address of a registry', () => {
  it('keeps what the page shows', () => {
    const search = { tab: 'leases', leases: 'all', pipeline: 'web', run: '17' } as const;
    expect(registrySearch(search)).toEqual(search);
    expect(registrySearch({ tab: 'history', asOf: '2026-03-01T11:00:00+01:00' })).toEqual({
      tab: 'history',
      asOf: '2026-03-01T10:00:00.000Z',
    });
  });

  it('drops what it does not know', () => {
    expect(registrySearch({ tab: 'settings', asOf: 'yesterday', leases: 'some', pipeline: '', run: {} })).toEqual({});
    expect(registrySearch({ tab: 'credential' })).toEqual({});
    expect(rotateSearch({ step: 'elsewhere', activated: '-1' })).toEqual({});
    expect(rotateSearch({ step: 'now', activated: '3' })).toEqual({ step: 'now', activated: 3 });
    expect(rotateSearch({ proved: '2' })).toEqual({ proved: 2 });
  });
});
