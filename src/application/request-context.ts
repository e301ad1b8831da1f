import type { WorkloadIdentity } from '../domain/audit-entry.ts';
import type { Principal } from '../domain/permissions.ts';
import type { Timed } from './operation-time.ts';
import type { EventMetadata } from './ports/event-log.ts';

/** What the service knows about one request. Every use case gets it, and every event stores it. Queries and mutations have a time. */
export interface RequestContext extends Timed {
  readonly principal: Principal;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
  /** `performance.now()` when the request came in. */
  readonly startedAt: number;
  /** What the caller's token said, once a trust rule let the caller in. */
  readonly identity?: WorkloadIdentity;
}

/** With the time of the operation that causes the events, which is not stored: they are not appended after it. */
export type TimedMetadata = EventMetadata & Timed;

/** For events that a caller causes. `idempotencyId` belongs to the command's key, if it has one. */
export function callerMetadata(
  context: RequestContext,
  projectId: string,
  idempotencyId: string | null = null,
): TimedMetadata {
  const { principal, ipAddress, userAgent, requestId, startedAt, identity, time } = context;
  return {
    projectId,
    actor: principal.subject,
    issuer: principal.issuer,
    tokenId: principal.tokenId,
    ipAddress,
    userAgent,
    requestId,
    durationMs: Math.round(performance.now() - startedAt),
    idempotencyId,
    ...(identity && { identity }),
    ...(time && { time }),
  };
}

/** The same for what is also written when the caller waits no more. */
export function lateMetadata(...cause: Parameters<typeof callerMetadata>): EventMetadata {
  const { time: _caller, ...metadata } = callerMetadata(...cause);
  return metadata;
}

/** For events that the service causes itself. */
export function systemMetadata(projectId: string | null): EventMetadata {
  return {
    projectId,
    actor: 'system:purser',
    issuer: null,
    tokenId: null,
    ipAddress: null,
    userAgent: null,
    requestId: null,
    durationMs: null,
    idempotencyId: null,
  };
}
