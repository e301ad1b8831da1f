import { describe, expect, it } from 'vitest';
import type { LeaseEvent, RegistryEvent } from '../../src/domain/events.ts';
import { decideIssue, decideRelease, evolveLease, type LeaseState } from '../../src/domain/lease.ts';
import { ACTOR, AT, expectRefusal, given, SEALED } from '../support/decider.ts';

const NOW = Date.parse(AT);
const registryId = '0b4e2c0e-6f6e-5d8a-9a39-6a9c6f8f0a11';
const registry = (overrides: { access?: 'PULL'; expiresAt?: string } = {}): RegistryEvent => ({
  type: 'RegistryCreated',
  data: {
    registryId,
    projectId: 'demo',
    url: 'ghcr.io',
    enteredUrl: 'ghcr.io',
    provider: 'GITHUB',
    username: 'ada',
    name: 'ghcr.io',
    description: null,
    email: null,
    access: overrides.access ?? 'PULL_AND_PUSH',
    caCertificate: null,
    rotateEveryDays: null,
    credential: {
      version: 1,
      kind: 'TOKEN',
      expiresAt: overrides.expiresAt ?? null,
      expirySource: null,
      warnings: [],
      mint: null,
      ...SEALED,
    },
  },
});
const ask = {
  leaseId: '3d813cbb-47fb-52ba-91df-831e1593ac29',
  image: 'ghcr.io/org/app:1',
  pipeline: 'build',
  runId: '42',
  purpose: 'PUSH',
  ttlSeconds: 3600,
} as const;

describe('issuing a credential', () => {
  it('makes a lease on exactly the current version, for as long as asked', () => {
    const event = decideIssue(given(registry()), ask, NOW);
    expect(event.data).toMatchObject({ registryId, credentialVersion: 1, secret: SEALED, url: 'ghcr.io' });
    expect(event.data.expiresAt).toBe('2026-03-01T11:00:00.000Z');
    expect(evolveLease(null, event, { at: AT, actor: ACTOR })).toMatchObject({
      id: ask.leaseId,
      issuedTo: ACTOR,
      issuedAt: AT,
      releasedAt: null,
    });
  });

  it('refuses a push on a registry that is for pulling only', () => {
    expectRefusal(() => decideIssue(given(registry({ access: 'PULL' })), ask, NOW), 'FORBIDDEN');
    expect(decideIssue(given(registry({ access: 'PULL' })), { ...ask, purpose: 'PULL' }, NOW).type).toBe(
      'CredentialIssued',
    );
  });

  it('refuses a credential from the very moment it expires', () => {
    const expiring = given(registry({ expiresAt: AT }));
    expectRefusal(() => decideIssue(expiring, ask, NOW), 'CREDENTIAL_UNAVAILABLE');
    expect(decideIssue(expiring, ask, NOW - 1).type).toBe('CredentialIssued');
  });

  it.each([59, 86_401, 60.5, Number.NaN])('refuses a lease of %s seconds', (ttlSeconds) => {
    expectRefusal(() => decideIssue(given(registry()), { ...ask, ttlSeconds }, NOW), 'BAD_USER_INPUT', 'ttlSeconds');
  });

  it('finds no registry that is not there', () => {
    expectRefusal(() => decideIssue(given(), ask, NOW), 'NOT_FOUND');
  });
});

describe('releasing a lease', () => {
  it('happens once: a second time makes no event', () => {
    const issued = decideIssue(given(registry()), ask, NOW);
    const fold = (...events: LeaseEvent[]): LeaseState =>
      events.reduce<LeaseState>((state, event) => evolveLease(state, event, { at: AT, actor: ACTOR }), null);
    const released = decideRelease(fold(issued));
    expect(released).toMatchObject({ type: 'LeaseReleased', data: { leaseId: ask.leaseId, pipeline: 'build' } });
    expect(released && decideRelease(fold(issued, released))).toBeNull();
  });

  it('finds no lease that was never issued', () => {
    expectRefusal(() => decideRelease(null), 'NOT_FOUND');
  });
});
