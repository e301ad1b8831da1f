import type { AuditEntryView, AuditFilter, AuditQueries } from '../../../application/ports/read-models.ts';
import { Conditions, containing, named, type Queryable } from '../statement.ts';
import type { AuditRow } from './audit.ts';

export const AUDIT_COLUMNS = `sequence::float8 as sequence, format, event_id, occurred_at, action, outcome, code, field, actor, issuer, token_id,
  ip_address, user_agent, request_id, registry_id, url, pipeline, run_id, image, lease_id, changes, duration_ms, count, until, identity, hash`;

export function createAuditQueries(database: Queryable): AuditQueries {
  return {
    async list(projectId, { filter, first, before }) {
      const where = filtered(projectId, filter);
      if (before !== undefined) where.add(`sequence < ${where.value(before)}`);
      const text = `select ${AUDIT_COLUMNS} from read_models.audit_entries where ${where.text}
        order by audit_entries.sequence desc limit ${where.value(first + 1)}`;
      const { rows } = await database.query<AuditRow>(named('audit', text, where.values));
      return { entries: rows.slice(0, first).map(auditEntryView), hasNextPage: rows.length > first };
    },

    async count(projectId, filter) {
      const where = filtered(projectId, filter);
      const text = `select count(*)::int as count from read_models.audit_entries where ${where.text}`;
      const { rows } = await database.query<{ count: number }>(named('audit-count', text, where.values));
      return rows[0]?.count ?? 0;
    },
  };
}

function filtered(projectId: string, filter: AuditFilter): Conditions {
  const where = new Conditions();
  where.add(`project_id = ${where.value(projectId)}`);
  const { search, registryId, actor, action, outcome, from, to } = filter;
  if (search !== undefined && search !== '') {
    const term = where.value(containing(search));
    where.add(`(actor ilike ${term} or url ilike ${term} or action ilike ${term} or pipeline ilike ${term})`);
  }
  if (registryId !== undefined) where.add(`registry_id::text = ${where.value(registryId.toLowerCase())}`);
  if (actor !== undefined) where.add(`actor = ${where.value(actor)}`);
  if (action !== undefined) where.add(`action = ${where.value(action)}`);
  if (outcome !== undefined) where.add(`outcome = ${where.value(outcome)}`);
  if (from !== undefined) where.add(`occurred_at >= ${where.value(from)}`);
  if (to !== undefined) where.add(`occurred_at < ${where.value(to)}`);
  return where;
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
