import type { AuditEntryView } from '../../../application/ports/read-models.ts';
import type { AuditEntry } from '../../../domain/audit-entry.ts';
import { type ColumnLists, createColumnLists } from './column-lists.ts';

/** A row of `audit_entries`. */
export interface AuditRow {
  readonly project_id: string;
  readonly sequence: number;
  readonly format: number;
  readonly event_id: string;
  readonly occurred_at: string;
  readonly action: string;
  readonly outcome: AuditEntry['outcome'];
  readonly code: string | null;
  readonly field: string | null;
  readonly actor: string;
  readonly issuer: string | null;
  readonly token_id: string | null;
  readonly ip_address: string | null;
  readonly user_agent: string | null;
  readonly request_id: string | null;
  readonly registry_id: string | null;
  readonly url: string | null;
  readonly pipeline: string | null;
  readonly run_id: string | null;
  readonly image: string | null;
  readonly lease_id: string | null;
  readonly changes: AuditEntry['changes'];
  readonly duration_ms: number | null;
  readonly count: number;
  readonly until: string | null;
  readonly identity: AuditEntry['identity'];
  readonly hash: string;
}

type Column = Exclude<keyof AuditRow, 'project_id' | 'sequence'>;

/** The column of each part of an entry. */
const COLUMNS_OF: Readonly<Record<Exclude<keyof AuditEntryView, 'sequence'>, readonly Column[]>> = {
  format: ['format'],
  eventId: ['event_id'],
  occurredAt: ['occurred_at'],
  action: ['action'],
  outcome: ['outcome'],
  code: ['code'],
  field: ['field'],
  actor: ['actor'],
  issuer: ['issuer'],
  tokenId: ['token_id'],
  ipAddress: ['ip_address'],
  userAgent: ['user_agent'],
  requestId: ['request_id'],
  registryId: ['registry_id'],
  url: ['url'],
  pipeline: ['pipeline'],
  runId: ['run_id'],
  image: ['image'],
  leaseId: ['lease_id'],
  changes: ['changes'],
  durationMs: ['duration_ms'],
  count: ['count'],
  until: ['until'],
  identity: ['identity'],
  hash: ['hash'],
};
const SEQUENCE = 'sequence::float8 as sequence';

/** The columns of some parts. An entry's place is always among them. */
export function createAuditColumns(): ColumnLists {
  return createColumnLists({ ...COLUMNS_OF, sequence: [] }, [SEQUENCE, 'occurred_at']);
}

export const AUDIT_COLUMNS = createAuditColumns()(undefined);

export function auditRow(projectId: string, sequence: number, entry: AuditEntry, hash: string): AuditRow {
  return {
    project_id: projectId,
    sequence,
    format: entry.format,
    event_id: entry.eventId,
    occurred_at: entry.occurredAt,
    action: entry.action,
    outcome: entry.outcome,
    code: entry.code,
    field: entry.field,
    actor: entry.actor,
    issuer: entry.issuer,
    token_id: entry.tokenId,
    ip_address: entry.ipAddress,
    user_agent: entry.userAgent,
    request_id: entry.requestId,
    registry_id: entry.registryId,
    url: entry.url,
    pipeline: entry.pipeline,
    run_id: entry.runId,
    image: entry.image,
    lease_id: entry.leaseId,
    changes: entry.changes,
    duration_ms: entry.durationMs,
    count: entry.count,
    until: entry.until,
    identity: entry.identity,
    hash,
  };
}

export function auditEntryView(row: AuditRow): AuditEntryView {
  return {
    sequence: row.sequence,
    format: row.format,
    eventId: row.event_id,
    occurredAt: row.occurred_at,
    action: row.action,
    outcome: row.outcome,
    code: row.code,
    field: row.field,
    actor: row.actor,
    issuer: row.issuer,
    tokenId: row.token_id,
    ipAddress: row.ip_address,
    userAgent: row.user_agent,
    requestId: row.request_id,
    registryId: row.registry_id,
    url: row.url,
    pipeline: row.pipeline,
    runId: row.run_id,
    image: row.image,
    leaseId: row.lease_id,
    changes: row.changes,
    durationMs: row.duration_ms,
    count: row.count,
    until: row.until,
    identity: row.identity,
    hash: row.hash,
  };
}
