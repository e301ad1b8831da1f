import { unavailable } from './errors.ts';
import type { Instant } from './instant.ts';
import type { RegistryEvent, SuccessorRevocationFailed } from './registry-events.ts';

/** A credential that an issuer was asked for, until it has revoked it. */
export interface RequestedSuccessor {
  readonly issuer: string;
  /** Names it at the issuer. */
  readonly label: string;
  readonly requestedAt: Instant;
  /** The version that it became; null until it is staged. */
  readonly version: number | null;
  /** Since when nothing may use it any more, so that it is to be revoked; null before. */
  readonly endedAt: Instant | null;
  /** When a revocation failed for the first time; null before. */
  readonly failedAt: Instant | null;
}

/** The successors of one registry. */
export type Successors = readonly RequestedSuccessor[];

/** Longer than an issuer takes to create a credential, also if nobody waits for its answer any more. */
export const REQUEST_MS = 10 * 60_000;
/** How long a revocation is tried again after it failed for the first time. */
export const REVOKED_WITHIN_MS = 72 * 3_600_000;

/** Whether it may be staged: it was requested, and is neither staged nor given up. */
export function isRequested(successors: Successors, label: string): boolean {
  return successors.some((successor) => successor.label === label && isOpen(successor));
}

/** @throws PurserError UNAVAILABLE */
export function requireRequested(successors: Successors, label: string): void {
  if (!isRequested(successors, label)) {
    throw unavailable('The issuer took too long to create the credential. Try again.');
  }
}

/** Gives up requests whose credential was not staged in time: from this event on nobody can stage it. */
export function discardOverdue(registryId: string, successors: Successors, at: Instant): RegistryEvent[] {
  return successors
    .filter((successor) => isOpen(successor) && isSettled(successor, at))
    .map(({ label }) => ({ type: 'SuccessorDiscarded', data: { registryId, label } }));
}

export function successorsToRevoke(successors: Successors): Successors {
  return successors.filter(({ endedAt }) => endedAt !== null);
}

/** Whether the issuer either has created it or never will. */
export function isSettled({ version, requestedAt }: RequestedSuccessor, at: Instant): boolean {
  return version !== null || elapsed(requestedAt, at) >= REQUEST_MS;
}

export function successorRevoked(registryId: string, { issuer, label }: RequestedSuccessor): RegistryEvent {
  return { type: 'SuccessorRevoked', data: { registryId, issuer, label } };
}

/** An event at the first failure, and at the last one: while it is worth another try there is none in between. */
export function revocationFailed(
  registryId: string,
  { issuer, label, failedAt }: RequestedSuccessor,
  { isRefused, at }: { readonly isRefused: boolean; readonly at: Instant },
): RegistryEvent[] {
  const data = { registryId, issuer, label };
  if (isRefused) return [failed({ ...data, reason: 'REFUSED' })];
  if (failedAt === null) return [failed({ ...data, reason: 'TRIED_AGAIN' })];
  if (elapsed(failedAt, at) < REVOKED_WITHIN_MS) return [];
  return [failed({ ...data, reason: 'TRIED_TOO_LONG' })];
}

function failed(data: SuccessorRevocationFailed['data']): RegistryEvent {
  return { type: 'SuccessorRevocationFailed', data };
}

/** Since when a successor waits to be staged or revoked; null if all are in use. */
export function waitingSince(successors: Successors): Instant | null {
  const waiting = successors.flatMap(({ version, requestedAt, endedAt }) =>
    endedAt === null && version !== null ? [] : [endedAt ?? requestedAt],
  );
  return waiting.sort()[0] ?? null;
}

/** `at`: when the event happened. */
export interface SuccessorContext {
  readonly at: Instant;
  /** The version that was current before the event. */
  readonly replaced: number | null;
  /** The versions that the registry has after it; null if it was deleted. */
  readonly held: readonly (number | undefined)[] | null;
}

/** The successors of a registry after an event of it. Those whose version it has no more are ended. */
export function evolveSuccessors(
  successors: Successors,
  event: RegistryEvent,
  { at, replaced, held }: SuccessorContext,
): Successors {
  const isOver = ({ version }: RequestedSuccessor) => held === null || (version !== null && !held.includes(version));
  return changed(successors, event, replaced, at).map((each) =>
    each.endedAt === null && isOver(each) ? { ...each, endedAt: at } : each,
  );
}

function changed(successors: Successors, event: RegistryEvent, replaced: number | null, at: Instant): Successors {
  switch (event.type) {
    case 'SuccessorRequested': {
      const { issuer, label } = event.data;
      return [...successors, { issuer, label, requestedAt: at, version: null, endedAt: null, failedAt: null }];
    }
    case 'CredentialStaged': {
      const { label, credential } = event.data;
      return successors.map((each) => (each.label === label ? { ...each, version: credential.version } : each));
    }
    case 'RegistryUpdated': {
      const { credential } = event.data;
      if (credential === null) return successors;
      // The password is kept, so what the issuer created stays in use.
      return successors.map((each) =>
        each.version === replaced && each.endedAt === null ? { ...each, version: credential.version } : each,
      );
    }
    case 'SuccessorDiscarded': {
      const { label } = event.data;
      return successors.map((each) => (each.label === label ? { ...each, endedAt: at } : each));
    }
    case 'SuccessorRevoked':
      return without(successors, event.data.label);
    case 'SuccessorRevocationFailed': {
      const { label, reason } = event.data;
      if (reason !== 'TRIED_AGAIN') return without(successors, label);
      return successors.map((each) => (each.label === label ? { ...each, failedAt: at } : each));
    }
    default:
      return successors;
  }
}

function without(successors: Successors, label: string): Successors {
  return successors.filter((each) => each.label !== label);
}

function isOpen({ version, endedAt }: RequestedSuccessor): boolean {
  return version === null && endedAt === null;
}

function elapsed(from: Instant, to: Instant): number {
  return Date.parse(to) - Date.parse(from);
}
