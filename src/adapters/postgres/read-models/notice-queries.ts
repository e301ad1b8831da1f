import type { NoticeQueries, NoticeView } from '../../../application/ports/read-models.ts';
import { parseUuid } from '../../../domain/identity.ts';
import { Conditions, named, type Queryable } from '../statement.ts';
import { createFeedQuery, type FeedQuery } from './feed-query.ts';
import type { NoticeRow } from './notice-outbox.ts';

const COLUMNS = `sequence::float8 as sequence, kind, project_id, registry_id, url, credential_version, occurred_at,
  expires_at, actor, leases_on_older_versions, message`;

export function createNoticeQueries(database: Queryable): NoticeQueries {
  return {
    async list(projectId, { registryId, first, before }) {
      const where = new Conditions();
      where.add(`project_id = ${where.value(projectId)}`);
      if (registryId !== undefined) {
        const id = parseUuid(registryId);
        if (id === undefined) return { notices: [], hasNextPage: false };
        where.add(`registry_id = ${where.value(id)}`);
      }
      if (before !== undefined) where.add(`sequence < ${where.value(before)}`);
      const text = `select ${COLUMNS} from read_models.notices where ${where.text}
        order by notices.sequence desc limit ${where.value(first + 1)}`;
      const { rows } = await database.query<NoticeRow>(named('notices', text, where.values));
      return { notices: rows.slice(0, first).map(view), hasNextPage: rows.length > first };
    },
  };
}

export function createNoticeFeedQuery(database: Queryable): FeedQuery<NoticeView> {
  return createFeedQuery<NoticeRow, NoticeView>(database, { table: 'notices', columns: COLUMNS, view });
}

function view(row: NoticeRow): NoticeView {
  return {
    sequence: row.sequence,
    kind: row.kind,
    projectId: row.project_id,
    registryId: row.registry_id,
    url: row.url,
    credentialVersion: row.credential_version,
    occurredAt: row.occurred_at,
    expiresAt: row.expires_at,
    actor: row.actor,
    leasesOnOlderVersions: row.leases_on_older_versions,
    message: row.message,
  };
}
