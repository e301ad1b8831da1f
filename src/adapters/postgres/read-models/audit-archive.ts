import type { AuditArchive } from '../../../application/ports/audit-archive.ts';
import type { EventAuthenticator } from '../../../application/ports/event-authenticator.ts';
import { firstPreviousHash } from '../../../domain/audit-entry.ts';
import type { ChainPlace } from '../../../domain/audit-verification.ts';
import type { Queryable } from '../statement.ts';
import { deleteRemoved, readRemoved, rememberRemoved } from './removed-rows.ts';

/** The entries of audit logs that are in archives, and no longer in the table. The last one of an archive is in both. */
export function createAuditArchive(
  database: Queryable,
  authenticator: Pick<EventAuthenticator, 'signText' | 'isAuthenticText'>,
): AuditArchive {
  async function removedOf(projectId: string) {
    const [removed] = await readRemoved(database, authenticator, { what: 'audit_entries', projectId });
    return removed;
  }

  async function archivedUpTo(projectId: string) {
    const removed = await removedOf(projectId);
    if (removed === undefined) return undefined;
    const last = removed.upTo + 1;
    const { rows } = await database.query<{ hash: string }>({
      name: 'last-archived',
      text: 'select hash from read_models.audit_entries where project_id = $1 and sequence = $2',
      values: [projectId, last],
    });
    return rows[0] && { sequence: last, hash: rows[0].hash };
  }

  return {
    archivedUpTo,

    async archivable(projectId, before, upTo = Number.MAX_SAFE_INTEGER) {
      const { rows } = await database.query<ChainPlace>({
        name: 'archivable',
        text: `select s.sequence::float8 as sequence, s.hash from log.signed_heads s where s.project_id = $1 and s.sequence <= $3 and s.sequence < coalesce(
          (select min(sequence) from read_models.audit_entries where project_id = $1 and occurred_at >= $2),
          (select sequence + 1 from read_models.audit_heads where project_id = $1)) order by s.sequence desc limit 1`,
        values: [projectId, before, upTo],
      });
      const [head] = rows;
      const after = (await archivedUpTo(projectId)) ?? { sequence: 0, hash: firstPreviousHash(projectId) };
      return head !== undefined && head.sequence > after.sequence ? { after, head } : undefined;
    },

    async remove(projectId, last) {
      if (last !== null) {
        await rememberRemoved(database, { what: 'audit_entries', projectId, upTo: last - 1 }, authenticator);
      }
      const removed = await removedOf(projectId);
      if (removed === undefined) return;
      while ((await deleteRemoved(database, removed)) > 0);
    },
  };
}
