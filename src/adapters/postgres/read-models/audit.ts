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
  /** For a build from the first event on: reads the kept entries of all projects. */
  recallParked(database: Queryable): Promise<void>;
  /**
   * For a build that has all events: enters what is kept behind the end of a chain, because its event was removed.
   * `snapshot` gives the kept entries of the events that the build has.
   */
  finish(database: Queryable, snapshot: Queryable): Promise<void>;
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

  function add(recorded: RecordedEvent, facts: AuditFacts): AuditRow | undefined {
    const { id, occurredAt, metadata } = recorded;
    const projectId = chainOf(metadata);
    if (appendKept(projectId, id)) return undefined;
    const { actor, issuer, tokenId, ipAddress, userAgent, requestId, durationMs } = metadata;
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
      identity: metadata.identity ?? null,
      ...facts,
    };
    return append(projectId, entry);
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

  /**
   * Enters what stands next, up to that of this event: an event that does not come before it was removed from the log.
   * @returns whether the event's own entry was among it
   */
  function appendKept(projectId: string, eventId: string | null): boolean {
    const waiting = kept.get(projectId);
    while (waiting?.[0]?.sequence === headOf(projectId).sequence + 1) {
      const [next] = waiting.splice(0, 1);
      if (next === undefined) break;
      append(projectId, auditEntryView(next));
      if (next.event_id === eventId) return true;
    }
    return false;
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
  }

  async function recallHeads(database: Queryable, projectIds: readonly string[]): Promise<void> {
    const found = await database.query<{ project_id: string; sequence: string; hash: string }>({
      name: `${schema}.audit_heads-recall`,
      text: `select project_id, sequence::text, hash from ${schema}.audit_heads where project_id = any($1)`,
      values: [projectIds],
    });
    for (const { project_id, sequence, hash } of found.rows) {
      heads.set(project_id, { sequence: Number(sequence), hash });
    }
  }

  async function allParked(database: Queryable): Promise<readonly AuditRow[]> {
    const { rows: parked } = await database.query<AuditRow>({
      name: 'parked_entries-all',
      text: `select project_id, ${AUDIT_COLUMNS} from log.parked_entries order by project_id, parked_entries.sequence`,
      values: [],
    });
    return parked;
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
      await recallHeads(database, [...unknown]);
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
      keep(await allParked(database));
    },

    async finish(database, snapshot) {
      const parked = await allParked(snapshot);
      const projectIds = [...new Set(parked.map((row) => row.project_id))];
      await recallHeads(database, projectIds);
      keep(parked.filter(({ project_id, sequence }) => sequence > headOf(project_id).sequence));
      for (const projectId of projectIds) appendKept(projectId, null);
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
