import type { Principal } from '../domain/permissions.ts';
import type { EventMetadata } from './ports/event-log.ts';

/** What the service knows of one request: it goes with every use case and into every event. */
export interface RequestContext {
  readonly principal: Principal;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
  /** `performance.now()` when the request came in. */
  readonly startedAt: number;
}

/** For what a caller does. `idempotencyId` is that of the command's key, where it has one. */
export function callerMetadata(
  context: RequestContext,
  projectId: string,
  idempotencyId: string | null = null,
): EventMetadata {
  const { principal, ipAddress, userAgent, requestId, startedAt } = context;
  return {
    projectId,
    actor: principal.subject,
    issuer: principal.issuer,
    ipAddress,
    userAgent,
    requestId,
    durationMs: Math.round(performance.now() - startedAt),
    idempotencyId,
  };
}

/** For what the service does by itself. */
export function systemMetadata(projectId: string | null): EventMetadata {
  return {
    projectId,
    actor: 'system:purser',
    issuer: null,
    ipAddress: null,
    userAgent: null,
    requestId: null,
    durationMs: null,
    idempotencyId: null,
  };
}
