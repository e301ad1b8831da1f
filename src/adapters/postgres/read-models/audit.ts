import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { AUDIT_FORMAT, type AuditEntry, chainHash, firstPreviousHash } from '../../../domain/audit-entry.ts';
import { SERVICE_LOG } from '../../../domain/audit-head.ts';
import { type AuditFacts, auditFacts, isAudited } from '../../../domain/audited-events.ts';
import { isForged } from './forged-events.ts';
import { everyEvent, insertInto, type ReadModel, take } from './read-model.ts';

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

/** The last entry of a project's chain. */
interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

/** A chain of entries for each project, and one for what belongs to no project. The domain's table defines which events have an entry, and its content. */
export function createAudit(schema: string): ReadModel {
  const insert = insertInto(schema, 'audit_entries');
  const upsertHeads = insertInto(
    schema,
    'audit_heads',
    'on conflict (project_id) do update set sequence = excluded.sequence, hash = excluded.hash',
  );
  const heads = new Map<string, AuditHead>();
  const rows: AuditRow[] = [];

  function add({ id, occurredAt, metadata }: RecordedEvent, facts: AuditFacts): void {
    const { actor, issuer, tokenId, ipAddress, userAgent, requestId, durationMs } = metadata;
    const projectId = chainOf(metadata);
    const entry: AuditEntry = {
      format: AUDIT_FORMAT,
      eventId: id,
      occurredAt,
      actor,
      issuer,
      tokenId,
      ipAddress,
      userAgent,
      requestId,
      durationMs,
      field: null,
      runId: null,
      image: null,
      leaseId: null,
      count: 1,
      until: null,
      identity: null,
      ...facts,
    };
    const head = heads.get(projectId) ?? { sequence: 0, hash: firstPreviousHash(projectId) };
    const sequence = head.sequence + 1;
    const hash = chainHash(head.hash, sequence, entry);
    heads.set(projectId, { sequence, hash });
    rows.push(auditRow(projectId, sequence, entry, hash));
  }

  return {
    handles: everyEvent(({ event, recorded, before }) => {
      const facts = auditFacts(event, before);
      if (facts) add(recorded, facts);
    }),

    /** The audit log still records that something happened, and who did it. */
    park(recorded) {
      if (isForged(recorded)) add(recorded, forgedFacts(recorded));
      else if (isAudited(recorded.type)) add(recorded, { ...NOTHING_KNOWN, action: recorded.type });
    },

    get remembered() {
      return heads.size;
    },

    async recall(database, events) {
      const unknown = new Set<string>();
      for (const { metadata } of events) if (!heads.has(chainOf(metadata))) unknown.add(chainOf(metadata));
      if (unknown.size === 0) return;
      const found = await database.query<{ project_id: string; sequence: string; hash: string }>({
        name: `${schema}.audit_heads-recall`,
        text: `select project_id, sequence::text, hash from ${schema}.audit_heads where project_id = any($1)`,
        values: [[...unknown]],
      });
      for (const { project_id, sequence, hash } of found.rows) {
        heads.set(project_id, { sequence: Number(sequence), hash });
      }
    },

    changes() {
      const projects = new Map(
        rows.map(({ project_id, sequence, hash }) => [project_id, { project_id, sequence, hash }]),
      );
      return [...insert(take(rows)), ...upsertHeads([...projects.values()])];
    },

    added: () => [{ table: 'audit_entries', rows: take(rows) }],
    totals: () => [{ table: 'audit_heads', rows: [...heads].map(([project_id, head]) => ({ project_id, ...head })) }],
  };
}

function chainOf({ projectId }: RecordedEvent['metadata']): string {
  return projectId ?? SERVICE_LOG;
}

const NOTHING_KNOWN: Omit<AuditFacts, 'action'> = {
  outcome: 'SUCCEEDED',
  code: null,
  registryId: null,
  url: null,
  pipeline: null,
  changes: [],
};

/** Who did it is not known: what the event says of that was written by the same hand. */
function forgedFacts({ type, stream, revision }: RecordedEvent): AuditFacts {
  const changes = [{ field: 'event', from: null, to: `${type} at revision ${revision} of ${stream}` }];
  return { ...NOTHING_KNOWN, action: 'REFUSE_FORGED_EVENT', outcome: 'FAILED', changes };
}

function auditRow(projectId: string, sequence: number, entry: AuditEntry, hash: string): AuditRow {
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
