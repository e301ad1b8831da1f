import { expect, it } from 'vitest';
import { LONGEST_GRACE_MINUTES } from '../../console/src/views/rotate/grace.ts';
import { LEASE_TTL_SECONDS } from '../../src/domain/lease.ts';

it('the grace until all leases end is as long as any lease', () => {
  expect(LONGEST_GRACE_MINUTES * 60).toBeGreaterThanOrEqual(LEASE_TTL_SECONDS.max);
});
