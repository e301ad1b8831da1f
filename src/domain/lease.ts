import type { LeasePurpose } from './credential.ts';
import { badUserInput, notFound, PurserError } from './errors.ts';
import type { CredentialIssued, CredentialIssuedAgain, LeaseEvent, LeaseReleased } from './events.ts';
import type { Instant } from './instant.ts';
import { type EventContext, existing, type RegistryState } from './registry.ts';
import { unreachable } from './unreachable.ts';

export const LEASE_TTL_SECONDS = { min: 60, max: 86_400 } as const;

export interface Lease {
  readonly id: string;
  readonly registryId: string;
  readonly url: string;
  readonly credentialVersion: number;
  readonly pipeline: string;
  readonly runId: string | null;
  readonly purpose: LeasePurpose;
  readonly issuedTo: string;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  readonly releasedAt: Instant | null;
  /** Whether it was taken back before its password left. */
  readonly withdrawn: boolean;
}

/** A lease as queries see it: its registry is given separately. */
export type LeaseView = Omit<Lease, 'url' | 'withdrawn'>;

export function leaseView({ url: _url, withdrawn: _withdrawn, ...lease }: Lease): LeaseView {
  return lease;
}

export type LeaseState = Lease | null;

export function evolveLease(state: LeaseState, event: LeaseEvent, eventContext: EventContext): LeaseState {
  switch (event.type) {
    case 'CredentialIssued': {
      const { leaseId, secret: _secret, image: _image, ...lease } = event.data;
      const { actor: issuedTo, at: issuedAt } = eventContext;
      return { id: leaseId, ...lease, issuedTo, issuedAt, releasedAt: null, withdrawn: false };
    }
    case 'LeaseReleased':
      if (state === null) throw new Error('LeaseReleased on a lease that was never issued');
      return { ...state, releasedAt: eventContext.at, withdrawn: event.data.withdrawn };
    default:
      return unreachable(event, 'lease event');
  }
}

export interface IssueCredential {
  readonly leaseId: string;
  readonly image: string;
  readonly pipeline: string;
  readonly runId: string | null;
  readonly purpose: LeasePurpose;
  readonly ttlSeconds: number;
}

/** `now` in milliseconds since 1970. */
export function decideIssue(registry: RegistryState, command: IssueCredential, now: number): CredentialIssued {
  const { min, max } = LEASE_TTL_SECONDS;
  if (!Number.isInteger(command.ttlSeconds) || command.ttlSeconds < min || command.ttlSeconds > max) {
    throw badUserInput('ttlSeconds', `ttlSeconds must be a whole number from ${min} to ${max}.`);
  }
  const live = existing(registry);
  if (command.purpose === 'PUSH' && live.access === 'PULL') {
    throw new PurserError(
      'FORBIDDEN',
      'This credential is registered for pulling only. Set `access: PULL_AND_PUSH` on the registry to push with it.',
    );
  }
  const { credential } = live;
  if (credential.expiresAt !== null && Date.parse(credential.expiresAt) <= now) {
    throw new PurserError(
      'CREDENTIAL_UNAVAILABLE',
      `The credential of ${live.url} expired at ${credential.expiresAt}. Rotate it.`,
    );
  }
  return {
    type: 'CredentialIssued',
    data: {
      leaseId: command.leaseId,
      registryId: live.registryId,
      url: live.url,
      credentialVersion: credential.version,
      secret: { secretId: credential.secretId, digest: credential.digest },
      image: command.image,
      pipeline: command.pipeline,
      runId: command.runId,
      purpose: command.purpose,
      expiresAt: new Date(now + command.ttlSeconds * 1000).toISOString(),
    },
  };
}

/** A lease ends no later than the password that is issued under it. */
export function endingWithPassword(issued: CredentialIssued, passwordExpiresAt: Instant | null): CredentialIssued {
  if (passwordExpiresAt === null || Date.parse(passwordExpiresAt) >= Date.parse(issued.data.expiresAt)) return issued;
  return { ...issued, data: { ...issued.data, expiresAt: passwordExpiresAt } };
}

/** The record of giving out the password of a lease once more, for an image that may be another one. */
export function issuedAgain({ id, ...lease }: Lease, image: string): CredentialIssuedAgain {
  const { registryId, url, credentialVersion, pipeline, runId, purpose } = lease;
  return {
    type: 'CredentialIssuedAgain',
    data: { leaseId: id, registryId, url, credentialVersion, image, pipeline, runId, purpose },
  };
}

/** Whether the lease is neither over nor released. `now` in milliseconds since 1970. */
export function isActive({ releasedAt, expiresAt }: Pick<Lease, 'releasedAt' | 'expiresAt'>, now: number): boolean {
  return releasedAt === null && Date.parse(expiresAt) > now;
}

/** Releasing twice is not an error and makes no second event. */
export function decideRelease(state: LeaseState): LeaseReleased | null {
  return decideEnd(state, false);
}

/** For a lease whose password has not left. */
export function decideWithdrawal(state: LeaseState): LeaseReleased | null {
  return decideEnd(state, true);
}

function decideEnd(state: LeaseState, withdrawn: boolean): LeaseReleased | null {
  if (state === null) throw notFound('lease');
  if (state.releasedAt !== null) return null;
  const { id, registryId, url, pipeline, runId } = state;
  return { type: 'LeaseReleased', data: { leaseId: id, registryId, url, pipeline, runId, withdrawn } };
}
