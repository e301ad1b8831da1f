import { describe, expect, it } from 'vitest';
import type { CredentialIssued, LeaseEnd, LeaseEvent } from '../../src/domain/events.ts';
import {
  decideEnd,
  decideIssue,
  endingWithPassword,
  evolveLease,
  type IssueCredential,
  type LeaseState,
} from '../../src/domain/lease.ts';
import type { RegistryState } from '../../src/domain/registry.ts';
import type { RegistryEvent } from '../../src/domain/registry-events.ts';
import { specification } from '../support/specification.ts';
import { ACTOR, AT, registry, SEALED } from './registry-specification.ts';

const NOW = Date.parse(AT);
const registryId = '0b4e2c0e-6f6e-5d8a-9a39-6a9c6f8f0a11';
const registryWith = (overrides: { access?: 'PULL'; expiresAt?: string } = {}): RegistryEvent => ({
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
    authRealmHost: null,
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
  form: 'PASSWORD',
  ttlSeconds: 3600,
} as const;

const issued: CredentialIssued = {
  type: 'CredentialIssued',
  data: {
    leaseId: ask.leaseId,
    registryId,
    url: 'ghcr.io',
    credentialVersion: 1,
    secret: SEALED,
    image: ask.image,
    pipeline: 'build',
    runId: '42',
    purpose: 'PUSH',
    expiresAt: '2026-03-01T11:00:00.000Z',
  },
};
const released: LeaseEvent = {
  type: 'LeaseReleased',
  data: { leaseId: ask.leaseId, registryId, url: 'ghcr.io', pipeline: 'build', runId: '42', reason: 'RELEASED' },
};

interface Issue {
  readonly of: RegistryState;
  readonly ask: IssueCredential;
  readonly now: number;
}
const issue = (of: RegistryState, changes: Partial<IssueCredential> = {}, now = NOW): Issue => ({
  of,
  ask: { ...ask, ...changes },
  now,
});

const lease = specification<LeaseState, LeaseEvent, Issue | LeaseEnd>({
  initialState: null,
  evolve: (state, event) => evolveLease(state, event, { at: AT, actor: ACTOR }),
  decide(state, command) {
    if (typeof command === 'object') return [decideIssue(command.of, command.ask, command.now)];
    const event = decideEnd(state, command, NOW);
    return event === null ? [] : [event];
  },
});

describe('issuing a credential', () => {
  const live = registry.given(registryWith()).state;

  it('makes a lease on exactly the current version, for the requested time', () => {
    expect(lease.given().when(issue(live)).then(issued)).toEqual({
      id: ask.leaseId,
      registryId,
      url: 'ghcr.io',
      image: ask.image,
      credentialVersion: 1,
      pipeline: 'build',
      runId: '42',
      purpose: 'PUSH',
      form: 'PASSWORD',
      expiresAt: '2026-03-01T11:00:00.000Z',
      issuedTo: ACTOR,
      identity: null,
      issuedAt: AT,
      releasedAt: null,
      revokedBy: null,
      withdrawn: false,
    });
  });

  it('refuses a push to a registry that is for pulling only', () => {
    const pullOnly = registry.given(registryWith({ access: 'PULL' })).state;
    lease.given().when(issue(pullOnly)).thenRefused('FORBIDDEN');
    lease
      .given()
      .when(issue(pullOnly, { purpose: 'PULL' }))
      .then({ ...issued, data: { ...issued.data, purpose: 'PULL' } });
  });

  it('refuses a credential from the moment when it expires', () => {
    const expiring = registry.given(registryWith({ expiresAt: AT })).state;
    lease.given().when(issue(expiring)).thenRefused('CREDENTIAL_UNAVAILABLE');
    lease
      .given()
      .when(issue(expiring, {}, NOW - 1))
      .then({ ...issued, data: { ...issued.data, expiresAt: '2026-03-01T10:59:59.999Z' } });
  });

  it.each([
    [null, '2026-03-01T11:00:00.000Z'],
    ['2026-03-01T11:00:00.000Z', '2026-03-01T11:00:00.000Z'],
    ['2026-03-01T10:59:59.999Z', '2026-03-01T10:59:59.999Z'],
    ['2026-03-02T10:00:00.000Z', '2026-03-01T11:00:00.000Z'],
  ])('under a password that expires at %s ends at %s', (passwordExpiresAt, expiresAt) => {
    expect(endingWithPassword(issued, passwordExpiresAt)).toEqual({ ...issued, data: { ...issued.data, expiresAt } });
  });

  it.each([59, 86_401, 60.5, Number.NaN])('refuses a lease of %s seconds', (ttlSeconds) => {
    lease.given().when(issue(live, { ttlSeconds })).thenRefused('BAD_USER_INPUT', 'ttlSeconds');
  });

  it('does not find a registry that does not exist', () => {
    lease.given().when(issue(registry.given().state)).thenRefused('NOT_FOUND');
  });
});

describe('releasing a lease', () => {
  it('makes no second event', () => {
    expect(lease.given(issued).when('RELEASED').then(released)).toMatchObject({ releasedAt: AT });
    lease.given(issued, released).when('RELEASED').then();
  });

  it('says whether the lease was withdrawn before its password left', () => {
    const withdrawn = { ...released, data: { ...released.data, reason: 'WITHDRAWN' } } as LeaseEvent;
    expect(lease.given(issued).when('WITHDRAWN').then(withdrawn)).toMatchObject({ releasedAt: AT, withdrawn: true });
    lease.given(issued, released).when('WITHDRAWN').then();
    expect(lease.given(issued).when('RELEASED').then(released)).toMatchObject({ withdrawn: false });
  });

  it('says who revoked it, once', () => {
    const revoked = { ...released, data: { ...released.data, reason: 'REVOKED' } } as LeaseEvent;
    expect(lease.given(issued).when('REVOKED').then(revoked)).toMatchObject({ releasedAt: AT, revokedBy: ACTOR });
    lease.given(issued, revoked).when('RELEASED').then();
    expect(lease.given(issued, revoked).state).toMatchObject({ revokedBy: ACTOR });
    expect(lease.given(issued, released).state).toMatchObject({ revokedBy: null });
  });

  it('does not find a lease that was never issued', () => {
    lease.given().when('RELEASED').thenRefused('NOT_FOUND');
  });
});
