import { describe, expect, it } from 'vitest';
import { impactReason, olderVersionWarnings } from '../../src/domain/change-impact.ts';

describe('the warnings after a change', () => {
  it('name each older version that leases hold, the newest first', () => {
    const held = new Map([
      [1, 1],
      [3, 2],
      [4, 9],
      [2, 0],
    ]);
    expect(olderVersionWarnings(held, 4)).toEqual([
      '2 leases still hold version 3: make sure that their pipelines end before the old password is revoked at the registry.',
      '1 lease still holds version 1: make sure that its pipeline ends before the old password is revoked at the registry.',
    ]);
  });

  it('are at most 20', () => {
    const held = new Map(Array.from({ length: 100 }, (_, index) => [index + 1, 1]));
    const warnings = olderVersionWarnings(held, 101);
    expect(warnings).toHaveLength(20);
    expect(warnings[0]).toContain('version 100:');
  });
});

describe('what a change would mean', () => {
  it('is said in plain words', () => {
    expect(impactReason(0, null)).toBeNull();
    expect(impactReason(1, '2026-03-01T12:00:00.000Z')).toMatch(/^1 lease is active, the last until 2026-03-01T12:00/);
    expect(impactReason(12, '2026-03-01T12:00:00.000Z')).toMatch(/^12 leases are active, .* does not wait for them/);
    expect((impactReason(1_000_000, '2026-03-01T12:00:00.000Z') ?? '').length).toBeLessThan(500);
  });
});
