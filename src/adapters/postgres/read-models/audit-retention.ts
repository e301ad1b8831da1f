import type { EventAuthenticator } from '../../../application/ports/event-authenticator.ts';
import type { SharedNow } from '../../../application/ports/shared-clock.ts';
import type { Queryable } from '../statement.ts';
import { leaveOut } from './audit-archive.ts';
import { type ArchivePage, pageOfArchives } from './known-archives.ts';
import { DELETED_AT_ONCE, deleteRemoved, readRemoved } from './removed-rows.ts';

const ARCHIVES_A_CALL = 1_000;
const LOGS_A_CALL = 200;
const STATEMENTS_A_CALL = 20;

export interface AuditRetentionDeps {
  /** Connections that nothing else waits for. */
  readonly database: Queryable;
  readonly authenticator: Pick<EventAuthenticator, 'signText' | 'isAuthenticText'>;
  readonly now: () => number;
  /** What is removed stays away, so the clock of one machine is not enough. */
  readonly sharedNow: SharedNow;
  /** How long archived entries stay in the table, in milliseconds. Undefined: until `purser archive` removes them. */
  readonly auditMs: number | undefined;
}

/**
 * Removes audit entries that were archived and kept long enough, and what an archive that was killed has left: twenty
 * thousand rows a call at most. An entry that is in no archive stays.
 */
export function createAuditRetention(deps: AuditRetentionDeps): () => Promise<void> {
  const leaveOutOld = createLeavingOut(deps);
  const deleteRest = createDeletion(deps);
  return async () => {
    await leaveOutOld();
    await deleteRest();
  };
}

function createLeavingOut({ database, authenticator, now, sharedNow, auditMs }: AuditRetentionDeps) {
  let after: ArchivePage['next'];
  return async () => {
    if (auditMs === undefined) return;
    const until = Math.min(now(), await sharedNow()) - auditMs;
    const { archives, next } = await pageOfArchives(database, { after, limit: ARCHIVES_A_CALL }, authenticator);
    for (const archive of archives) {
      if (Date.parse(archive.before) > until) continue;
      const { projectId, last } = archive;
      await leaveOut(database, { what: 'audit_entries', projectId, upTo: last - 1 }, authenticator);
    }
    after = next;
  };
}

/** Looks at the next logs in each call, and goes on with a log that has rows left. */
function createDeletion({ database, authenticator }: AuditRetentionDeps) {
  let after: string | null = null;
  return async () => {
    let statements = STATEMENTS_A_CALL;
    const logs = await nextLogs(database, after);
    for (const { projectId, isLeft } of logs) {
      const [removed] = isLeft ? await readRemoved(database, authenticator, { what: 'audit_entries', projectId }) : [];
      let hasMore = removed !== undefined;
      while (removed !== undefined && hasMore) {
        if (statements === 0) return;
        statements -= 1;
        hasMore = (await deleteRemoved(database, removed)) === DELETED_AT_ONCE;
      }
      after = projectId;
    }
    if (logs.length < LOGS_A_CALL) after = null;
  };
}

/** The next logs that entries were removed of, and whether rows of these are left. */
async function nextLogs(database: Queryable, after: string | null) {
  const { rows } = await database.query<{ projectId: string; isLeft: boolean }>({
    name: after === null ? 'first-shortened-logs' : 'next-shortened-logs',
    text: `select r.project_id as "projectId", exists (
        select from read_models.audit_entries e where e.project_id = r.project_id and e.sequence <= r.up_to
      ) as "isLeft"
      from projection.removed_rows r where r.what = 'audit_entries' ${after === null ? '' : 'and r.project_id > $1'}
      order by r.project_id limit ${LOGS_A_CALL}`,
    values: after === null ? [] : [after],
  });
  return rows;
}
