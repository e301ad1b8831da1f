import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { AUDIT_FORMAT, type AuditEntry, chainHash, FIRST_PREVIOUS_HASH } from '../../../domain/audit-entry.ts';
import type { AuditFacts } from '../../../domain/audited-events.ts';
import type { BatchChanges } from './batch-changes.ts';
import type { ProjectionMemory } from './projection-memory.ts';

/** Adds the event's entry to its project's chain; events of no project have none. */
export function addAuditEntry(
  memory: ProjectionMemory,
  batch: BatchChanges,
  { id, occurredAt, metadata }: RecordedEvent,
  facts: AuditFacts | null,
): void {
  const { projectId, actor, issuer, ipAddress, userAgent, requestId, durationMs } = metadata;
  if (projectId === null || facts === null) return;
  const entry: AuditEntry = {
    format: AUDIT_FORMAT,
    eventId: id,
    occurredAt,
    actor,
    issuer,
    ipAddress,
    userAgent,
    requestId,
    durationMs,
    count: 1,
    until: null,
    identity: null,
    ...facts,
  };
  const head = memory.auditHeads.get(projectId) ?? { sequence: 0, hash: FIRST_PREVIOUS_HASH };
  const sequence = head.sequence + 1;
  const hash = chainHash(head.hash, sequence, entry);
  memory.auditHeads.set(projectId, { sequence, hash });
  batch.audit.push({
    project_id: projectId,
    sequence,
    format: entry.format,
    event_id: id,
    occurred_at: occurredAt,
    action: entry.action,
    outcome: entry.outcome,
    code: entry.code,
    actor,
    issuer,
    ip_address: ipAddress,
    user_agent: userAgent,
    request_id: requestId,
    registry_id: entry.registryId,
    url: entry.url,
    pipeline: entry.pipeline,
    changes: entry.changes,
    duration_ms: durationMs,
    count: entry.count,
    until: entry.until,
    identity: entry.identity,
    hash,
  });
}
