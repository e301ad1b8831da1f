import type { AuditHeads } from '../../../application/ports/audit-heads.ts';
import type { AuditRows } from '../../../application/ports/audit-rows.ts';
import { firstPreviousHash } from '../../../domain/audit-entry.ts';
import { HEAD_COLUMNS, type HeadRow, signedHead } from '../signed-head-rows.ts';
import { named, type Queryable } from '../statement.ts';
import { AUDIT_COLUMNS, type AuditRow, auditEntryView } from './audit-row.ts';
import { removedUpTo } from './removed-rows.ts';

/** For exports. */
export function createAuditRows(database: Queryable, { keys }: Pick<AuditHeads, 'keys'>): AuditRows {
  const number = async (text: string, values: unknown[]): Promise<number | undefined> => {
    const { rows } = await database.query<{ number: number | null }>(named('audit-range', text, values));
    return rows[0]?.number ?? undefined;
  };

  /** Nobody asks for times often, and an export reads the rows anyway: no index is kept for it. */
  async function firstFrom(projectId: string, from: string | null): Promise<number | undefined> {
    if (from === null) return 1;
    return number(
      `select min(sequence)::float8 as number from read_models.audit_entries where project_id = $1 and occurred_at >= $2`,
      [projectId, from],
    );
  }

  async function lastBefore(projectId: string, to: string | null): Promise<number | undefined> {
    const all = `select max(sequence)::float8 as number from read_models.audit_entries where project_id = $1`;
    return to === null ? number(all, [projectId]) : number(`${all} and occurred_at < $2`, [projectId, to]);
  }

  return {
    keys,

    async range(projectId, { from, to, beginsBefore, after }) {
      const [found, last = 0, archived] = await Promise.all([
        firstFrom(projectId, from),
        lastBefore(projectId, to),
        removedUpTo(database, 'audit_entries', projectId),
      ]);
      // The last entry of an archive is kept, for its hash.
      const lowest = after === undefined ? (archived === 0 ? 1 : archived + 2) : after + 1;
      // Nothing is as late as `from`.
      const first = Math.max(lowest, (found ?? last + 1) - (beginsBefore && from !== null ? 1 : 0));
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
      const text = `select max(sequence)::float8 as number from log.signed_heads where project_id = $1`;
      return (await number(text, [projectId])) ?? 0;
    },
  };
}
