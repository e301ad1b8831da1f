import {
  type AuditEntryView,
  type AuditFilter,
  type AuditQueries,
  MAX_COUNTED_ENTRIES,
} from '../../../application/ports/read-models.ts';
import type { OutcomeCount } from '../../../domain/audit-histogram.ts';
import { parseUuid } from '../../../domain/identity.ts';
import type { SlowReads } from '../slow-reads.ts';
import { Conditions, containing, named, type Queryable } from '../statement.ts';
import type { AuditRow } from './audit.ts';

export const AUDIT_COLUMNS = `sequence::float8 as sequence, format, event_id, occurred_at, action, outcome, code, field, actor, issuer, token_id,
  ip_address, user_agent, request_id, registry_id, url, pipeline, run_id, image, lease_id, changes, duration_ms, count, until, identity, hash`;

/** `slow` is for searches, counts and histograms. */
export function createAuditQueries(database: Queryable, slow: SlowReads = { ofProject: () => database }): AuditQueries {
  return {
    async list(projectId, { filter, first, before }) {
      const where = filtered(projectId, filter);
      if (before !== undefined) where.add(`sequence < ${where.value(before)}`);
      const text = `select ${AUDIT_COLUMNS} from read_models.audit_entries where ${where.text}
        order by audit_entries.sequence desc limit ${where.value(first + 1)}`;
      const reads = filter.search === undefined ? database : slow.ofProject(projectId);
      const { rows } = await reads.query<AuditRow>(named('audit', text, where.values));
      return { entries: rows.slice(0, first).map(auditEntryView), hasNextPage: rows.length > first };
    },

    async count(projectId, filter) {
      const where = filtered(projectId, filter);
      const text = `select count(*)::int as count from read_models.audit_entries where ${where.text}`;
      const { rows } = await slow
        .ofProject(projectId)
        .query<{ count: number }>(named('audit-count', text, where.values));
      return rows[0]?.count ?? 0;
    },

    async histogram(projectId, filter, { from, to, bucketMs }) {
      const where = new Conditions();
      const [project, first, end, bucket] = [projectId, from, to, bucketMs / 1000].map((value) => where.value(value));
      where.add('true');
      addFilter(where, filter);
      const start = `date_bin(make_interval(secs => ${bucket}), occurred_at, timestamptz '1970-01-01 00:00:00Z')`;
      // The entries within the time are read once, and no more of them than the limit, whatever the filter is.
      const text = `with span as materialized (
          select occurred_at, outcome, count, actor, url, action, pipeline, registry_id, code, run_id, lease_id, request_id
          from read_models.audit_entries where project_id = ${project} and occurred_at >= ${first} and occurred_at < ${end}
          limit ${MAX_COUNTED_ENTRIES + 1}
        ), counted as (
          select (extract(epoch from ${start}) * 1000)::float8 as start, outcome, sum(count)::float8 as count
          from span where ${where.text} group by 1, 2
        )
        select (select count(*)::int from span) as entries, coalesce((select json_agg(counted) from counted), '[]') as counts`;
      const { rows } = await slow
        .ofProject(projectId)
        .query<{ entries: number; counts: OutcomeCount[] }>(named('audit-histogram', text, where.values));
      const [{ entries, counts } = { entries: 0, counts: [] }] = rows;
      return entries > MAX_COUNTED_ENTRIES ? undefined : counts;
    },
  };
}

function filtered(projectId: string, filter: AuditFilter): Conditions {
  const where = new Conditions();
  where.add(`project_id = ${where.value(projectId)}`);
  addFilter(where, filter);
  const { from, to } = filter;
  if (from !== undefined) where.add(`occurred_at >= ${where.value(from)}`);
  if (to !== undefined) where.add(`occurred_at < ${where.value(to)}`);
  return where;
}

/** All but the times. */
function addFilter(where: Conditions, filter: AuditFilter): void {
  const { search, registryId, leaseId } = filter;
  if (search !== undefined && search !== '') {
    const term = where.value(containing(search));
    where.add(`(actor ilike ${term} or url ilike ${term} or action ilike ${term} or pipeline ilike ${term})`);
  }
  addId(where, 'registry_id', registryId);
  addId(where, 'lease_id', leaseId);
  for (const [column, filtered] of EQUAL) {
    const value = filter[filtered];
    if (value !== undefined) where.add(`${column} = ${where.value(value)}`);
  }
}

/** The columns that a filter compares with its value. */
const EQUAL = [
  ['actor', 'actor'],
  ['action', 'action'],
  ['outcome', 'outcome'],
  ['code', 'code'],
  ['pipeline', 'pipeline'],
  ['run_id', 'runId'],
  ['request_id', 'requestId'],
] as const;

/** As a UUID: compared as a text, no index would serve it. What is no UUID is no entry's id. */
function addId(where: Conditions, column: string, entered: string | undefined): void {
  if (entered === undefined) return;
  const id = parseUuid(entered);
  where.add(id === undefined ? 'false' : `${column} = ${where.value(id)}::uuid`);
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
