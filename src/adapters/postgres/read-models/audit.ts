import type { RecordedEvent } from '../../../application/ports/event-log.ts';
import { AUDIT_FORMAT, type AuditEntry, chainHash, firstPreviousHash } from '../../../domain/audit-entry.ts';
import { SERVICE_LOG } from '../../../domain/audit-head.ts';
import { type AuditFacts, auditFacts, isAudited } from '../../../domain/audited-events.ts';
import type { Queryable } from '../statement.ts';
import { AUDIT_COLUMNS, type AuditRow, auditEntryView, auditRow } from './audit-row.ts';
import { isForged } from './forged-events.ts';
import { everyEvent, insertInto, LIVE, type ReadModel, take } from './read-model.ts';

/** The last entry of a project's chain. */
interface AuditHead {
  readonly sequence: number;
  readonly hash: string;
}

export interface Audit extends ReadModel {
  /** For a build from the first event on: reads what `recall` reads for the projects of a batch, of all projects. */
  recallParked(database: Queryable): Promise<void>;
}

/** Where a build that is not in use yet keeps what it parks: it goes to `log.parked_entries` with the build. */
export const NEWLY_PARKED = 'newly_parked_entries';

/**
 * A chain of entries for each project, and one for what belongs to no project. The domain's table defines which events have
 * an entry, and its content. The entry of an event that could not be applied is kept in `log.parked_entries`: it stands at
 * its place in every later build, with the same content, so that hashes that were signed stay true.
 */
export function createAudit(schema: string, { alone = false }: { readonly alone?: boolean | undefined } = {}): Audit {
  const insert = insertInto(schema, 'audit_entries');
  const [parkedSchema, parkedTable] = schema === LIVE ? ['log', 'parked_entries'] : [schema, NEWLY_PARKED];
  const insertParked = insertInto(parkedSchema, parkedTable, 'on conflict do nothing');
  const upsertHeads = insertInto(
    schema,
    'audit_heads',
    'on conflict (project_id) do update set sequence = excluded.sequence, hash = excluded.hash',
  );
  const heads = new Map<string, AuditHead>();
  const rows: AuditRow[] = [];
  const newlyParked: AuditRow[] = [];
  /** By project, in order: the kept entries behind the head. */
  const kept = new Map<string, AuditRow[]>();
  /** The events of kept entries that were entered before the log came to the event. */
  const enteredBefore = new Set<string>();

  function add(recorded: RecordedEvent, facts: AuditFacts): AuditRow | undefined {
    const { id, occurredAt, metadata } = recorded;
    if (enteredBefore.delete(id)) return undefined;
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
    const row = append(projectId, entry);
    appendKept(projectId);
    return row;
  }

  function append(projectId: string, entry: AuditEntry): AuditRow {
    const head = headOf(projectId);
    const sequence = head.sequence + 1;
    const hash = chainHash(head.hash, sequence, entry);
    heads.set(projectId, { sequence, hash });
    const row = auditRow(projectId, sequence, entry, hash);
    rows.push(row);
    return row;
  }

  /** Enters what stands next, also if its event is not in the log any more. */
  function appendKept(projectId: string): void {
    const waiting = kept.get(projectId);
    while (waiting?.[0]?.sequence === headOf(projectId).sequence + 1) {
      const [next] = waiting.splice(0, 1);
      if (next === undefined) return;
      enteredBefore.add(next.event_id);
      append(projectId, auditEntryView(next));
    }
  }

  function headOf(projectId: string): AuditHead {
    return heads.get(projectId) ?? { sequence: 0, hash: firstPreviousHash(projectId) };
  }

  function keep(found: readonly AuditRow[]): void {
    for (const row of found) {
      const ofProject = kept.get(row.project_id) ?? [];
      ofProject.push(row);
      kept.set(row.project_id, ofProject);
    }
    for (const projectId of new Set(found.map((row) => row.project_id))) appendKept(projectId);
  }

  return {
    handles: everyEvent(({ event, recorded, before }) => {
      const facts = auditFacts(event, before);
      if (facts) add(recorded, facts);
    }),

    park(recorded) {
      const facts = parkedFacts(recorded);
      const row = facts && add(recorded, facts);
      if (row) newlyParked.push(row);
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
      const parked = await database.query<AuditRow>({
        name: `${schema}.parked_entries-recall`,
        text: `select project_id, ${AUDIT_COLUMNS} from log.parked_entries p
          where project_id = any($1)
            and sequence > coalesce((select h.sequence from ${schema}.audit_heads h where h.project_id = p.project_id), 0)
          order by project_id, p.sequence`,
        values: [[...unknown]],
      });
      keep(parked.rows);
    },

    async recallParked(database) {
      const { rows: parked } = await database.query<AuditRow>({
        name: 'parked_entries-all',
        text: `select project_id, ${AUDIT_COLUMNS} from log.parked_entries order by project_id, parked_entries.sequence`,
        values: [],
      });
      keep(parked);
    },

    changes() {
      const projects = new Map(
        rows.map(({ project_id, sequence, hash }) => [project_id, { project_id, sequence, hash }]),
      );
      const parked = take(newlyParked);
      return [...insert(take(rows)), ...upsertHeads([...projects.values()]), ...(alone ? [] : insertParked(parked))];
    },

    added() {
      const parked = take(newlyParked);
      return [{ table: 'audit_entries', rows: take(rows) }, ...(alone ? [] : [{ table: NEWLY_PARKED, rows: parked }])];
    },
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

/** The audit log still records that something happened, and who did it. */
function parkedFacts(recorded: RecordedEvent): AuditFacts | undefined {
  if (isForged(recorded)) return forgedFacts(recorded);
  return isAudited(recorded.type) ? { ...NOTHING_KNOWN, action: recorded.type } : undefined;
}

/** Who did it is not known: what the event says of that was written by the same hand. */
function forgedFacts({ type, stream, revision }: RecordedEvent): AuditFacts {
  const changes = [{ field: 'event', from: null, to: `${type} at revision ${revision} of ${stream}` }];
  return { ...NOTHING_KNOWN, action: 'REFUSE_FORGED_EVENT', outcome: 'FAILED', changes };
}
