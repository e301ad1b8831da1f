import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/api/errors.ts';
import { inUseOf } from '../../src/views/registry/in-use.ts';
import { leaseState } from '../../src/views/registry/lease-state.ts';
import { mergePipelines } from '../../src/views/registry/pipelines.ts';
import { comparedTests } from '../../src/views/rotate/compared-tests.ts';

const refusal = (extensions: Record<string, unknown>) => new ApiError({ message: 'Refused.', extensions });

describe('a refused delete', () => {
  const lease = { id: 'a', pipeline: 'web', runId: null, expiresAt: '2026-03-01T11:00:00.000Z' };

  it('tells who uses the registry, and how many there are beyond those that are named', () => {
    expect(inUseOf(refusal({ code: 'REGISTRY_IN_USE', activeLeases: 30, leases: [lease] }))).toEqual({
      activeLeases: 30,
      leases: [lease],
    });
  });

  it('passes over what is not as the contract has it', () => {
    const odd = { code: 'REGISTRY_IN_USE', leases: [lease, { ...lease, pipeline: 7 }, null] };
    expect(inUseOf(refusal(odd))).toEqual({ activeLeases: 1, leases: [lease] });
    expect(inUseOf(refusal({ code: 'FORBIDDEN' }))).toBeUndefined();
    expect(inUseOf(new Error('x'))).toBeUndefined();
  });
});

describe('a refused activation', () => {
  const found = { outcome: 'OK', login: 'PROVED', pull: 'PROVED', push: 'UNKNOWN', advice: null, repository: 'a/b' };

  it('shows both versions', () => {
    const staged = { ...found, outcome: 'AUTHENTICATION_FAILED', login: 'DENIED', advice: 'Enter another one.' };
    expect(comparedTests(refusal({ code: 'VERIFICATION_FAILED', staged, active: found }))).toEqual({
      staged,
      active: found,
    });
  });

  it('shows the staged one alone where the other password is missing', () => {
    expect(comparedTests(refusal({ code: 'VERIFICATION_FAILED', staged: found, active: null }))?.active).toBeNull();
  });

  it('is nothing of this kind without both tests, or with another code', () => {
    expect(comparedTests(refusal({ code: 'VERIFICATION_FAILED', outcome: 'UNREACHABLE' }))).toBeUndefined();
    expect(comparedTests(refusal({ code: 'VERIFICATION_FAILED', staged: { outcome: 'NEW' } }))).toBeUndefined();
    expect(comparedTests(refusal({ code: 'REVISION_CONFLICT', staged: found }))).toBeUndefined();
  });
});

describe('a lease', () => {
  const lease = { expiresAt: '2026-03-01T11:00:00.000Z', releasedAt: null, revokedBy: null };
  const at = (time: string) => Date.parse(`2026-03-01T${time}Z`);

  it('is active until it ends in one of three ways', () => {
    expect(leaseState(lease, at('10:59:59.999'))).toBe('active');
    expect(leaseState(lease, at('11:00:00.000'))).toBe('over');
    expect(leaseState({ ...lease, releasedAt: lease.expiresAt }, at('10:00:00'))).toBe('released');
    expect(leaseState({ ...lease, releasedAt: lease.expiresAt, revokedBy: 'ada' }, at('10:00:00'))).toBe('revoked');
  });
});

describe('the pipelines of a registry', () => {
  const use = (pipeline: string, lastUsedAt: string | null, note: string | null = null) => ({
    pipeline,
    lastUsedAt,
    note,
  });

  it('stand once each, the last used first, with what was read of their links', () => {
    const used = [use('a', '2026-01-01T00:00:00.000Z'), use('b', '2026-02-01T00:00:00.000Z')];
    const linked = [use('d', null), use('a', '2026-01-01T00:00:00.000Z', 'ask Ada'), use('c', null)];
    expect(mergePipelines(used, linked).map(({ pipeline, note }) => [pipeline, note])).toEqual([
      ['b', null],
      ['a', 'ask Ada'],
      ['c', null],
      ['d', null],
    ]);
  });
});
