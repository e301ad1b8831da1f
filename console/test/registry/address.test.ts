import { describe, expect, it } from 'vitest';
import { registrySearch, rotateSearch } from '../../src/views/registry/address.ts';

describe('the address of a registry', () => {
  it('keeps what the page shows', () => {
    const search = { tab: 'leases', leases: 'all', pipeline: 'web', run: '17' } as const;
    expect(registrySearch(search)).toEqual(search);
    expect(registrySearch({ tab: 'history', at: '2026-03-01T11:00:00+01:00' })).toEqual({
      tab: 'history',
      at: '2026-03-01T10:00:00.000Z',
    });
  });

  it('reads a run that looks like a number as text', () => {
    expect(registrySearch({ run: 17, pipeline: true })).toEqual({ run: '17', pipeline: 'true' });
  });

  it('drops what it does not know', () => {
    expect(registrySearch({ tab: 'settings', at: 'yesterday-ish', leases: 'some', pipeline: '', run: {} })).toEqual({});
    expect(registrySearch({ tab: 'credential' })).toEqual({});
    expect(registrySearch({ pipeline: 'x'.repeat(256) })).toEqual({});
    expect(rotateSearch({ step: 'elsewhere', activated: '-1' })).toEqual({});
    expect(rotateSearch({ step: 'now', activated: 3 })).toEqual({ step: 'now', activated: 3 });
  });
});
