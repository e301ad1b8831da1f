import type { WorkloadIdentity } from '../domain/audit-entry.ts';
import type { Principal } from '../domain/permissions.ts';
import type { EventMetadata } from './ports/event-log.ts';

/** What the service knows about one request. Every use case gets it, and every event stores it. */
export interface RequestContext {
  readonly principal: Principal;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
  /** `performance.now()` when the request came in. */
  readonly startedAt: number;
  /** What the caller's token said, once a trust rule let the caller in. */
  readonly identity?: WorkloadIdentity;
}

/** For events that a caller causes. `idempotencyId` belongs to the command's key, if it has one. */
export function callerMetadata(
  context: RequestContext,
  projectId: string,
  idempotencyId: string | null = null,
): EventMetadata {
  const { principal, ipAddress, userAgent, requestId, startedAt, identity } = context;
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
  };
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
