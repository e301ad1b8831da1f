import { randomUUID } from 'node:crypto';
import type { DomainEvent } from '../domain/events.ts';
import { derivedEventId } from '../domain/identity.ts';
import type { IdempotentRequest } from './idempotency.ts';
import type { EventMetadata, EventToAppend } from './ports/event-log.ts';
import type { RequestContext } from './request-context.ts';

export function metadataOf(context: RequestContext, projectId: string, fingerprint: string | null): EventMetadata {
  const { principal, ipAddress, userAgent, requestId, startedAt } = context;
  return {
    projectId,
    actor: principal.subject,
    issuer: principal.issuer,
    ipAddress,
    userAgent,
    requestId,
    durationMs: Math.round(performance.now() - startedAt),
    fingerprint,
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
    fingerprint: null,
  };
}

/** The events of one append. With an idempotency key their ids follow from it, so that a retry has the same. */
export function eventsToAppend(
  events: readonly DomainEvent[],
  metadata: EventMetadata,
  occurredAt: string,
  request: IdempotentRequest | null,
): [EventToAppend, ...EventToAppend[]] {
  const [first, ...others] = events;
  if (!first) throw new Error('an append needs at least one event');
  const firstId = request?.eventId ?? randomUUID();
  return [
    { id: firstId, event: first, occurredAt, metadata },
    ...others.map((event, index) => ({ id: derivedEventId(firstId, index + 1), event, occurredAt, metadata })),
  ];
}
