import type { WorkloadIdentity } from './audit-entry.ts';
import type { CredentialForm, LeasePurpose } from './credential.ts';
import { badUserInput, notFound, PurserError } from './errors.ts';
import type { CredentialIssued, CredentialIssuedAgain, LeaseEnd, LeaseEvent, LeaseReleased } from './events.ts';
import type { Instant } from './instant.ts';
import { type Decision, type EventContext, existing, type RegistryState } from './registry.ts';
import { unreachable } from './unreachable.ts';

export const LEASE_TTL_SECONDS = { min: 60, max: 86_400 } as const;

export interface Lease {
  readonly id: string;
  readonly registryId: string;
  /** Canonical. */
  readonly url: string;
  /** As it was asked for first. */
  readonly image: string;
  readonly credentialVersion: number;
  readonly pipeline: string;
  readonly runId: string | null;
  readonly purpose: LeasePurpose;
  readonly form: CredentialForm;
  readonly issuedTo: string;
  /** What the caller's token said, if a trust rule let the caller in. */
  readonly identity: WorkloadIdentity | null;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  readonly releasedAt: Instant | null;
  /** Who ended it with all others of its registry; null otherwise. */
  readonly revokedBy: string | null;
  /** Whether it was taken back before its password left. */
  readonly withdrawn: boolean;
}

/** A lease as queries see it. */
export type LeaseView = Omit<Lease, 'withdrawn' | 'form'>;

export function leaseView({ withdrawn: _withdrawn, form: _form, ...lease }: Lease): LeaseView {
  return lease;
}

export type LeaseState = Lease | null;

export function evolveLease(state: LeaseState, event: LeaseEvent, eventContext: EventContext): LeaseState {
  switch (event.type) {
    case 'CredentialIssued': {
      const { leaseId, secret: _secret, form = 'PASSWORD', ...lease } = event.data;
      const { actor: issuedTo, at: issuedAt, identity = null } = eventContext;
      const ended = { releasedAt: null, revokedBy: null, withdrawn: false };
      return { id: leaseId, ...lease, form, issuedTo, identity, issuedAt, ...ended };
    }
    case 'LeaseReleased': {
      if (state === null) throw new Error('LeaseReleased on a lease that was never issued');
      const { reason } = event.data;
      return {
        ...state,
        releasedAt: eventContext.at,
        revokedBy: reason === 'REVOKED' ? eventContext.actor : null,
        withdrawn: reason === 'WITHDRAWN',
      };
    }
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
  readonly form: CredentialForm;
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
      ...formOf(command),
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
  const asked = { image, pipeline, runId, purpose, ...formOf(lease) };
  return {
    type: 'CredentialIssuedAgain',
    data: { leaseId: id, registryId, url, credentialVersion, ...asked },
  };
}

function formOf({ form }: { readonly form: CredentialForm }): { readonly form?: CredentialForm } {
  return form === 'PASSWORD' ? {} : { form };
}

/** Whether the lease is neither over nor released. `now` in milliseconds since 1970. */
export function isActive({ releasedAt, expiresAt }: Pick<Lease, 'releasedAt' | 'expiresAt'>, now: number): boolean {
  return releasedAt === null && Date.parse(expiresAt) > now;
}

/** So long after its time is up, a lease is closed. In milliseconds. */
export const LEASE_CLOSES_AFTER_MS = 86_400_000;

/** From then on its stream gets no event, whatever is asked for: its events can leave the log. `now` in milliseconds since 1970. */
function isClosed({ expiresAt }: Pick<Lease, 'expiresAt'>, now: number): boolean {
  return Date.parse(expiresAt) + LEASE_CLOSES_AFTER_MS <= now;
}

/** Ending a lease twice, or one that is closed, is not an error and makes no event. `now` in milliseconds since 1970. */
export function decideEnd(state: LeaseState, reason: LeaseEnd, now: number): LeaseReleased | null {
  if (state === null) throw notFound('lease');
  if (state.releasedAt !== null || isClosed(state, now)) return null;
  const { id, registryId, url, pipeline, runId } = state;
  return { type: 'LeaseReleased', data: { leaseId: id, registryId, url, pipeline, runId, reason } };
}

/** An entry for the registry, whether leases are active or not: issues that are under way are decided again. */
export function decideRevoke(registry: RegistryState, activeLeases: number): Decision {
  const { registryId } = existing(registry);
  return { seal: null, events: [{ type: 'LeasesRevoked', data: { registryId, activeLeases } }] };
}
