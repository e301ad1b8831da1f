import type { AuditHeads } from '../../../application/ports/audit-heads.ts';
import type { AuditRows } from '../../../application/ports/audit-rows.ts';
import { firstPreviousHash } from '../../../domain/audit-entry.ts';
import { HEAD_COLUMNS, type HeadRow, signedHead } from '../signed-head-rows.ts';
import type { Queryable } from '../statement.ts';
import { AUDIT_COLUMNS, type AuditRow, auditEntryView } from './audit-row.ts';
import { firstFrom, lastBefore, newestEntry } from './audit-times.ts';
import { removedUpTo } from './removed-rows.ts';

/** For exports. */
export function createAuditRows(database: Queryable, { keys }: Pick<AuditHeads, 'keys'>): AuditRows {
  return {
    keys,

    async range(projectId, { from, to, beginsBefore, after }) {
      const archived = await removedUpTo(database, 'audit_entries', projectId);
      const [firstOfTime, last] = await Promise.all([
        from === null ? 1 : firstFrom(database, projectId, from),
        to === null ? newestEntry(database, projectId) : lastBefore(database, projectId, to, archived),
      ]);
      // The last entry of an archive is kept, for its hash.
      const lowest = after === undefined ? (archived === 0 ? 1 : archived + 2) : after + 1;
      const first = Math.max(lowest, firstOfTime - (beginsBefore && from !== null ? 1 : 0));
      if (first === 1) return { first, last, previousHash: firstPreviousHash(projectId) };
      const { rows } = await database.query<{ hash: string }>({
        name: 'audit-hash',
        text: 'select hash from read_models.audit_entries where project_id = $1 and sequence = $2',
        values: [projectId, first - 1],
      });
      return { first, last, previousHash: rows[0]?.hash ?? firstPreviousHash(projectId) };
    },

    async entries(projectId, { after, upTo, limit }) {
      const { rows } = await database.query<AuditRow>({
        name: 'audit-rows',
        text: `select ${AUDIT_COLUMNS} from read_models.audit_entries
          where project_id = $1 and sequence > $2 and sequence <= $3 order by audit_entries.sequence limit $4`,
        values: [projectId, after, upTo, limit],
      });
      return rows.map(auditEntryView);
    },

    async heads(projectId, { after, upTo, limit }) {
      const { rows } = await database.query<HeadRow>({
        name: 'heads-in-order',
        text: `select ${HEAD_COLUMNS} from log.signed_heads
          where project_id = $1 and sequence > $2 and sequence <= $3 order by signed_heads.sequence limit $4`,
        values: [projectId, after, upTo, limit],
      });
      return rows.map(signedHead);
    },

    async newestHead(projectId) {
      const { rows } = await database.query<{ sequence: number | null }>({
        name: 'newest-head',
        text: 'select max(sequence)::float8 as sequence from log.signed_heads where project_id = $1',
        values: [projectId],
      });
      return rows[0]?.sequence ?? 0;
    },
  };
}
