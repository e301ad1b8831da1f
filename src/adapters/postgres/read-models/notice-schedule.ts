import type { DueByClock, MissingSecret, NoticeSchedule } from '../../../application/ports/notice-schedule.ts';
import type { Queryable } from '../statement.ts';

/** Both read an index that holds only what they look for. */
export const DUE = `select project_id, id, next_notice_at from read_models.registries
  where phase = 'live' and next_notice_at <= $1 and (next_notice_at, id) > ($2, $3::uuid)
  order by next_notice_at, id limit $4`;
export const MISSING = `select project_id, id, credential_version from read_models.registries
  where phase = 'live' and secret_missing and id > $1::uuid
    and (told->>'missing')::int is distinct from credential_version
  order by id limit $2`;

const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export function createNoticeSchedule(database: Queryable): NoticeSchedule {
  return {
    async due(now, after, limit) {
      const values = [new Date(now).toISOString(), after?.dueAt ?? '-infinity', after?.registryId ?? FIRST_ID, limit];
      const { rows } = await database.query<{ project_id: string; id: string; next_notice_at: string }>({
        name: 'notices-due',
        text: DUE,
        values,
      });
      return rows.map(
        ({ project_id, id, next_notice_at }): DueByClock => ({
          projectId: project_id,
          registryId: id,
          dueAt: next_notice_at,
        }),
      );
    },

    async missing(after, limit) {
      const { rows } = await database.query<{ project_id: string; id: string; credential_version: number }>({
        name: 'notices-missing',
        text: MISSING,
        values: [after?.registryId ?? FIRST_ID, limit],
      });
      return rows.map(
        ({ project_id, id, credential_version }): MissingSecret => ({
          projectId: project_id,
          registryId: id,
          credentialVersion: credential_version,
        }),
      );
    },
  };
}
