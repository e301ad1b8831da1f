import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastLease } from '../../../src/application/lease/lease-series.ts';
import type { Lease } from '../../../src/domain/lease.ts';

const lease = (id: string): Lease => ({
  id,
  registryId: '0b4e2c0e-6f6e-5d8a-9a39-6a9c6f8f0a11',
  url: 'ghcr.io',
  image: 'ghcr.io/team/app:1',
  credentialVersion: 1,
  pipeline: 'build',
  runId: '42',
  purpose: 'PULL',
  form: 'PASSWORD',
  issuedTo: 'alice',
  identity: null,
  issuedAt: '2026-03-01T10:00:00.000Z',
  expiresAt: '2026-03-01T11:00:00.000Z',
  releasedAt: null,
  revokedBy: null,
  withdrawn: false,
});

/** A store with so many leases of the series, that counts how many it was asked for. */
function storeOf(count: number, archived = 0) {
  const asked: string[] = [];
  return {
    asked,
    aggregates: {
      async loadLease(_projectId: string, leaseId: string) {
        asked.push(leaseId);
        const index = Number(leaseId);
        const isThere = archived <= index && index < count;
        return isThere ? { state: lease(leaseId), revision: 0 } : { state: null, revision: 'no-stream' as const };
      },
    },
    archivedLeases: {
      find: async (leaseId: string) => (Number(leaseId) < archived ? { withdrawn: leaseId === '3' } : undefined),
    },
  };
}

describe('the last lease of a series', () => {
  it('is found among any number, in few steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 100_000 }), async (count) => {
        const store = storeOf(count);
        const last = await lastLease(store, 'demo', String);
        expect(last?.index).toBe(count === 0 ? undefined : count - 1);
        expect(last?.held?.lease.id).toBe(count === 0 ? undefined : String(count - 1));
        expect(store.asked.length).toBeLessThanOrEqual(2 + 2 * Math.ceil(Math.log2(count + 1)));
      }),
    );
  });

  it('is found behind leases whose events have left the log, and may be one of them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000), fc.nat(1_000), async (archived, more) => {
        const last = await lastLease(storeOf(archived + more, archived), 'demo', String);
        expect(last?.index).toBe(archived + more === 0 ? undefined : archived + more - 1);
        expect(last?.held?.lease.id).toBe(more === 0 ? undefined : String(archived + more - 1));
      }),
    );
    expect(await lastLease(storeOf(4, 4), 'demo', String)).toEqual({ index: 3, withdrawn: true, held: undefined });
  });

  it.each([
    [0, 1],
    [1, 2],
    [2, 4],
  ])('of %s leases is found by reading %s streams', async (count, reads) => {
    const store = storeOf(count);
    await lastLease(store, 'demo', String);
    expect(store.asked).toHaveLength(reads);
  });
});
