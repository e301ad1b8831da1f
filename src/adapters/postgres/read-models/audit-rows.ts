import type { AuditHeads } from '../../../application/ports/audit-heads.ts';
import type { AuditRows } from '../../../application/ports/audit-rows.ts';
import { firstPreviousHash } from '../../../domain/audit-entry.ts';
import type { Instant } from '../../../domain/instant.ts';
import { HEAD_COLUMNS, type HeadRow, signedHead } from '../signed-head-rows.ts';
import { named, type Queryable } from '../statement.ts';
import { AUDIT_COLUMNS, type AuditRow, auditEntryView } from './audit-row.ts';
import { removedUpTo } from './removed-rows.ts';

/**
 * How far the times of entries and of heads can be out of the order of the log, as the clocks of replicas differ. Within it both
 * ends of a range are found by the index of times, which reads no other entries.
 */
const MOST_DISORDER = `interval '1 day'`;
const ENTRIES = 'read_models.audit_entries where project_id = $1';
const HEADS = 'log.signed_heads where project_id = $1';

/** For exports. */
export function createAuditRows(database: Queryable, { keys }: Pick<AuditHeads, 'keys'>): AuditRows {
  const number = async (text: string, values: unknown[]): Promise<number | undefined> => {
    const { rows } = await database.query<{ number: number | null }>(named('audit-range', text, values));
    return rows[0]?.number ?? undefined;
  };

  /** The first entry of this time or later, or the place after all: all before it are older. */
  async function firstFrom(projectId: string, from: Instant | null): Promise<number> {
    if (from === null) return 1;
    // Without the offset Postgres would look for the first of all entries that is of this time.
    const found = await number(
      `select coalesce((select min(sequence) from (select sequence from ${ENTRIES} and occurred_at >= $2 and occurred_at <=
          (select min(occurred_at) from ${ENTRIES} and occurred_at >= $2) + ${MOST_DISORDER} offset 0) of_time),
        (select max(sequence) from ${ENTRIES}) + 1)::float8 as number`,
      [projectId, from],
    );
    // It is the one after this, but if a clock was wrong by more.
    const older = await number(
      `select sequence::float8 as number from ${ENTRIES} and sequence < $2 and occurred_at < $3
        order by audit_entries.sequence desc limit 1`,
      [projectId, found ?? 1, from],
    );
    return (older ?? 0) + 1;
  }

  /** The last entry of before this time, or that was signed before it, as by a clock that is behind; 0 if there is none. */
  async function lastBefore(projectId: string, to: Instant | null): Promise<number> {
    const last = await lastOfBefore(projectId, to);
    if (to === null) return last;
    const signed = await number(
      `select max(sequence)::float8 as number from ${HEADS} and sequence > $2 and signed_at < $3 and sequence < coalesce(
        (select sequence from ${HEADS} and sequence > $2 and signed_at >= $3::timestamptz + ${MOST_DISORDER}
          order by sequence limit 1), ${Number.MAX_SAFE_INTEGER})`,
      [projectId, last, to],
    );
    return signed ?? last;
  }

  /** All entries after it are of this time or later. */
  async function lastOfBefore(projectId: string, to: Instant | null): Promise<number> {
    const found = await number(
      to === null
        ? `select max(sequence)::float8 as number from ${ENTRIES}`
        : `select max(sequence)::float8 as number from (select sequence from ${ENTRIES} and occurred_at < $2 and occurred_at >=
            (select max(occurred_at) from ${ENTRIES} and occurred_at < $2) - ${MOST_DISORDER} offset 0) of_time`,
      to === null ? [projectId] : [projectId, to],
    );
    if (to === null || found === undefined) return found ?? 0;
    // None is older behind it, but if a clock was wrong by more.
    const last = await number(
      `select coalesce((select sequence - 1 from ${ENTRIES} and sequence > $2 and occurred_at >= $3
          order by audit_entries.sequence limit 1), (select max(sequence) from ${ENTRIES}))::float8 as number`,
      [projectId, found, to],
    );
    return last ?? found;
  }

  return {
    keys,

    async range(projectId, { from, to, beginsBefore, after }) {
      const [firstOfTime, last, archived] = await Promise.all([
        firstFrom(projectId, from),
        lastBefore(projectId, to),
        removedUpTo(database, 'audit_entries', projectId),
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
      const text = `select max(sequence)::float8 as number from log.signed_heads where project_id = $1`;
      return (await number(text, [projectId])) ?? 0;
    },
  };
}
