import type { AuditArchive } from '../../../application/ports/audit-archive.ts';
import type { EventAuthenticator } from '../../../application/ports/event-authenticator.ts';
import { firstPreviousHash } from '../../../domain/audit-entry.ts';
import type { ChainPlace } from '../../../domain/audit-verification.ts';
import type { Queryable } from '../statement.ts';
import { firstFrom } from './audit-times.ts';
import { archivesOf, forgetArchives, rememberArchive } from './known-archives.ts';
import { deleteRemoved, forgetForged, type Removed, readRemoved, rememberRemoved } from './removed-rows.ts';

type Codes = Pick<EventAuthenticator, 'signText' | 'isAuthenticText'>;

/** The entries of audit logs that are in archives. The last one of an archive stays in the table as well. */
export function createAuditArchive(database: Queryable, authenticator: Codes): AuditArchive {
  async function removedOf(projectId: string) {
    const [removed] = await readRemoved(database, authenticator, { what: 'audit_entries', projectId });
    return removed;
  }

  /** 0 if there are no archives. */
  async function lastArchived(projectId: string): Promise<number> {
    // First what is forgotten once its entries count as removed.
    const archives = await archivesOf(database, projectId, authenticator);
    const removed = await removedOf(projectId);
    return Math.max(removed === undefined ? 0 : removed.upTo + 1, archives.at(-1)?.last ?? 0);
  }

  async function placeOf(projectId: string, sequence: number): Promise<ChainPlace | undefined> {
    const { rows } = await database.query<{ hash: string }>({
      name: 'last-archived',
      text: 'select hash from read_models.audit_entries where project_id = $1 and sequence = $2',
      values: [projectId, sequence],
    });
    return rows[0] && { sequence, hash: rows[0].hash };
  }

  return {
    async removedUpTo(projectId) {
      const removed = await removedOf(projectId);
      return removed && placeOf(projectId, removed.upTo + 1);
    },

    async archivable(projectId, before, upTo = Number.MAX_SAFE_INTEGER) {
      const end = (await firstFrom(database, projectId, before)) - 1;
      const { rows } = await database.query<ChainPlace>({
        name: 'archivable',
        text: `select s.sequence::float8 as sequence, s.hash from log.signed_heads s
          where s.project_id = $1 and s.sequence <= $2 order by s.sequence desc limit 1`,
        values: [projectId, Math.min(end, upTo)],
      });
      const [head] = rows;
      const beginning = { sequence: 0, hash: firstPreviousHash(projectId) };
      const after = (await placeOf(projectId, await lastArchived(projectId))) ?? beginning;
      return head !== undefined && head.sequence > after.sequence ? { after, head } : undefined;
    },

    remember: (projectId, archive) => rememberArchive(database, { projectId, ...archive }, authenticator),

    async removeArchived(projectId) {
      const last = await lastArchived(projectId);
      if (last === 0) return;
      const removed = { what: 'audit_entries', projectId, upTo: last - 1 } as const;
      if ((await removedOf(projectId))?.upTo !== removed.upTo) await leaveOut(database, removed, authenticator);
      while ((await deleteRemoved(database, removed)) > 0);
    },

    async oldestUnarchived(projectId) {
      const { rows } = await database.query<{ occurred_at: string }>({
        name: 'oldest-unarchived',
        text: `select occurred_at from read_models.audit_entries where project_id = $1 and sequence > $2
          order by sequence limit 1`,
        values: [projectId, await lastArchived(projectId)],
      });
      return rows[0]?.occurred_at;
    },
  };
}

/** Archived entries count as removed from here on: a rebuild does not bring them back. Their rows are still to be deleted. */
export async function leaveOut(database: Queryable, removed: Removed, authenticator: Codes): Promise<void> {
  await forgetForged(database, removed, authenticator);
  await rememberRemoved(database, removed, authenticator);
  await forgetArchives(database, { projectId: removed.projectId, last: removed.upTo + 1 });
}
