import type { AuditHeads } from '../../../application/ports/audit-heads.ts';
import type { AuditRows, TimeLimits } from '../../../application/ports/audit-rows.ts';
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

  /**
   * The first and the last entry of that time, by the index of times, which reads no others. If there are none: the place
   * where they would be, with `last` before `first`.
   */
  async function ofTime(projectId: string, { from, to }: TimeLimits): Promise<{ first: number; last: number }> {
    if (from === null && to === null) {
      const newest = `select max(sequence)::float8 as number from read_models.audit_entries where project_id = $1`;
      return { first: 1, last: (await number(newest, [projectId])) ?? 0 };
    }
    // Without the offset Postgres would look for the first of all entries that is of this time.
    const text = `select min(sequence)::float8 as first, max(sequence)::float8 as last from (select sequence
      from read_models.audit_entries where project_id = $1 and occurred_at >= $2 and occurred_at < $3 offset 0) of_time`;
    const limits = [projectId, from ?? '-infinity', to ?? 'infinity'];
    const { rows } = await database.query<{ first: number | null; last: number | null }>(
      named('audit-time', text, limits),
    );
    const { first = null, last = null } = rows[0] ?? {};
    if (first !== null && last !== null) return { first: from === null ? 1 : first, last };
    const before = `select sequence::float8 as number from read_models.audit_entries where project_id = $1 and occurred_at < $2
      order by occurred_at desc, sequence desc limit 1`;
    const place = (await number(before, [projectId, from ?? to])) ?? 0;
    return { first: place + 1, last: place };
  }

  return {
    keys,

    async range(projectId, { from, to, beginsBefore, after }) {
      const [{ first: found, last }, archived] = await Promise.all([
        ofTime(projectId, { from, to }),
        removedUpTo(database, 'audit_entries', projectId),
      ]);
      // The last entry of an archive is kept, for its hash.
      const lowest = after === undefined ? (archived === 0 ? 1 : archived + 2) : after + 1;
      const first = Math.max(lowest, found - (beginsBefore && from !== null ? 1 : 0));
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
