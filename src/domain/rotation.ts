import type { CredentialVersion } from './credential.ts';
import { badUserInput, type LeaseInUse, notFound } from './errors.ts';
import type { Instant } from './instant.ts';
import {
  type Decision,
  existing,
  type LiveRegistry,
  type ProposedCredential,
  type RegistryState,
  type RetiringCredential,
  refuseWhileLeased,
  type StagedCredential,
} from './registry.ts';
import type { AbandonReason, RegistryEvent, RetireReason } from './registry-events.ts';
import { requireRequested } from './successors.ts';

/** A day: as long as the longest lease. */
export const GRACE_MINUTES = { min: 0, max: 1440 } as const;

export interface RotateCredential {
  /** Undefined keeps the username. */
  readonly username: string | undefined;
  readonly credential: ProposedCredential;
  /** The number of active leases if these must prevent the rotation, otherwise 0. */
  readonly refusedWhileLeased: number;
  /** Those of them that end last, for a refusal to name. */
  readonly leases?: readonly LeaseInUse[];
}

/** The immediate way: no other version stays. */
export function decideRotate(state: RegistryState, command: RotateCredential): Decision {
  const live = existing(state);
  const { refusedWhileLeased: activeLeases, leases = [] } = command;
  refuseWhileLeased({ activeLeases, leases }, 'Rotate it with `whenInUse: PROCEED`, or wait until they end.');
  const version = live.lastVersion + 1;
  const username = command.username ?? live.username;
  return {
    seal: { version, username },
    events: (ref) => [...endingOthers(live), rotated(live, username, { version, ...command.credential, ...ref })],
  };
}

export interface StageCredential {
  /** Undefined keeps the username. */
  readonly username: string | undefined;
  readonly credential: ProposedCredential;
  /** Of the successor that it is; null if a person entered it. */
  readonly label: string | null;
}

/** Before an issuer is called: what it creates can then be found by its label, whatever becomes of the call. */
export function decideRequest(state: RegistryState, issuer: string, label: string): Decision {
  const { registryId } = existing(state);
  return {
    seal: null,
    events: [{ type: 'SuccessorRequested', data: { registryId, issuer, label } }],
    decideAgain: true,
  };
}

/** The next version, beside the current one. It replaces a version that is staged already. */
export function decideStage(state: RegistryState, command: StageCredential): Decision {
  const live = existing(state);
  const { label } = command;
  if (label !== null) requireRequested(live.successors, label);
  const version = live.lastVersion + 1;
  const username = command.username ?? live.username;
  return {
    seal: { version, username },
    events: (ref) => [
      ...(live.staged ? [abandoned(live, live.staged, 'REPLACED')] : []),
      {
        type: 'CredentialStaged',
        data: { registryId: live.registryId, username, credential: { version, ...command.credential, ...ref }, label },
      },
    ],
  };
}

export interface ActivateCredential {
  readonly version: number;
  /** How long the leases of the version before keep it; 0 destroys it at once. */
  readonly graceMinutes: number;
}

/** @throws PurserError BAD_USER_INPUT */
export function requireGrace(graceMinutes: number): void {
  const { min, max } = GRACE_MINUTES;
  if (!Number.isInteger(graceMinutes) || graceMinutes < min || graceMinutes > max) {
    throw badUserInput('graceMinutes', `graceMinutes must be a whole number from ${min} to ${max}.`);
  }
}

/** `now` by the clock of the database, in milliseconds since 1970. */
export function decideActivate(state: RegistryState, command: ActivateCredential, now: number): Decision {
  const { graceMinutes } = command;
  requireGrace(graceMinutes);
  const live = existing(state);
  const { username, stagedAt: _at, stagedBy: _by, ...credential } = stagedAs(live, command.version);
  const { version: credentialVersion, secretId } = live.credential;
  const graceEndsAt = new Date(now + graceMinutes * 60_000).toISOString();
  return {
    seal: null,
    events: [
      ...(live.retiring ? [retired(live, live.retiring, 'REPLACED')] : []),
      {
        type: 'CredentialActivated',
        data: {
          registryId: live.registryId,
          username,
          credential,
          retiring: graceMinutes === 0 ? null : { credentialVersion, secretId, graceEndsAt },
        },
      },
    ],
  };
}

export function decideAbandon(state: RegistryState, version: number): Decision {
  const live = existing(state);
  return { seal: null, events: [abandoned(live, stagedAs(live, version), 'REQUESTED')] };
}

export interface RetireCredential {
  readonly version: number;
  /** Leases that hold it; null if they were not counted. */
  readonly activeLeases: number | null;
  /** By the clock of the database. */
  readonly at: Instant;
}

/** No event while leases keep the version, or if it does not retire any more. */
export function decideRetire(state: RegistryState, { version, activeLeases, at }: RetireCredential): RegistryEvent[] {
  if (state.phase !== 'live' || state.retiring?.version !== version) return [];
  if (isGraceOver(state.retiring, at)) return [retired(state, state.retiring, 'GRACE_ENDED')];
  return activeLeases === 0 ? [retired(state, state.retiring, 'LAST_LEASE_ENDED')] : [];
}

export function isGraceOver({ graceEndsAt }: RetiringCredential, at: Instant): boolean {
  return graceEndsAt <= at;
}

/** For a new current version that was not staged: the versions beside it end. */
export function endingOthers(live: LiveRegistry): RegistryEvent[] {
  return [
    ...(live.staged ? [abandoned(live, live.staged, 'REPLACED')] : []),
    ...(live.retiring ? [retired(live, live.retiring, 'REPLACED')] : []),
  ];
}

export function rotated({ registryId }: LiveRegistry, username: string, credential: CredentialVersion): RegistryEvent {
  return { type: 'CredentialRotated', data: { registryId, username, credential } };
}

/** The staged version that the caller saw. */
export function stagedAs({ staged }: LiveRegistry, version: number): StagedCredential {
  if (staged?.version !== version) throw notFound('staged credential');
  return staged;
}

/** The registry as if its staged version were the current one. */
export function withStaged(live: LiveRegistry, staged: StagedCredential): LiveRegistry {
  const { username, stagedAt, stagedBy, ...credential } = staged;
  return { ...live, username, credential: { ...credential, rotatedAt: stagedAt, rotatedBy: stagedBy } };
}

/**
 * The registry as if this version were the current one: the current version, or for the leases that hold it, the one that
 * retires. Null outside its grace, and for any other version. `now` in milliseconds since 1970.
 */
export function withReadable(live: LiveRegistry, version: number, now: number): LiveRegistry | null {
  if (live.credential.version === version) return live;
  const { retiring } = live;
  if (retiring?.version !== version) return null;
  const isOver = [retiring.graceEndsAt, retiring.expiresAt].some((end) => end !== null && Date.parse(end) <= now);
  return isOver ? null : withRetiring(live, retiring);
}

function withRetiring(live: LiveRegistry, retiring: RetiringCredential): LiveRegistry {
  const { username, graceEndsAt: _end, ...credential } = retiring;
  return { ...live, username, credential };
}

/** The registry once for each version whose secret it has, as if that were the current one. */
export function heldVersions(live: LiveRegistry): LiveRegistry[] {
  return [
    live,
    ...(live.staged ? [withStaged(live, live.staged)] : []),
    ...(live.retiring ? [withRetiring(live, live.retiring)] : []),
  ];
}

function abandoned({ registryId }: LiveRegistry, staged: StagedCredential, reason: AbandonReason): RegistryEvent {
  const { version: credentialVersion, secretId } = staged;
  return { type: 'StagedCredentialAbandoned', data: { registryId, credentialVersion, secretId, reason } };
}

function retired({ registryId }: LiveRegistry, retiring: RetiringCredential, reason: RetireReason): RegistryEvent {
  const { version: credentialVersion, secretId } = retiring;
  return { type: 'CredentialRetired', data: { registryId, credentialVersion, secretId, reason } };
}
