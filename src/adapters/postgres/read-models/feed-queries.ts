import type { QueryResultRow } from 'pg';
import type { ChangeView, NoticeQueries, NoticeView } from '../../../application/ports/read-models.ts';
import { Conditions, named, type Queryable } from '../statement.ts';
import type { ChangeRow, NoticeRow } from './rows.ts';

const NOTICE_COLUMNS = `sequence::float8 as sequence, kind, project_id, registry_id, url, credential_version,
  occurred_at, expires_at, actor, leases_on_older_versions, message`;
const CHANGE_COLUMNS = 'sequence::float8 as sequence, kind, project_id, registry_id, registry';

/** Reads on from a sequence: of one project, or of all for those who pass them on. */
export interface FeedQuery<Item> {
  after(projectId: string | undefined, sequence: number, limit: number): Promise<Item[]>;
  lastSequence(): Promise<number>;
}

export function createNoticeQueries(database: Queryable): NoticeQueries {
  return {
    async list(projectId, { registryId, first, before }) {
      const where = new Conditions();
      where.add(`project_id = ${where.value(projectId)}`);
      if (registryId !== undefined) where.add(`registry_id::text = ${where.value(registryId.toLowerCase())}`);
      if (before !== undefined) where.add(`sequence < ${where.value(before)}`);
      const text = `select ${NOTICE_COLUMNS} from read_models.notices where ${where.text}
        order by notices.sequence desc limit ${where.value(first + 1)}`;
      const { rows } = await database.query<NoticeRow>(named('notices', text, where.values));
      return { notices: rows.slice(0, first).map(noticeView), hasNextPage: rows.length > first };
    },
  };
}

export function createNoticeFeedQuery(database: Queryable): FeedQuery<NoticeView> {
  return feedQuery(database, 'notices', NOTICE_COLUMNS, noticeView);
}

export function createChangeFeedQuery(database: Queryable): FeedQuery<ChangeView> {
  return feedQuery(database, 'changes', CHANGE_COLUMNS, changeView);
}

function feedQuery<Row extends QueryResultRow, Item>(
  database: Queryable,
  table: 'notices' | 'changes',
  columns: string,
  view: (row: Row) => Item,
): FeedQuery<Item> {
  return {
    async after(projectId, sequence, limit) {
      const where = new Conditions();
      where.add(`sequence > ${where.value(sequence)}`);
      if (projectId !== undefined) where.add(`project_id = ${where.value(projectId)}`);
      const text = `select ${columns} from read_models.${table} where ${where.text}
        order by ${table}.sequence limit ${where.value(limit)}`;
      const { rows } = await database.query<Row>(named(`${table}-after`, text, where.values));
      return rows.map(view);
    },
    async lastSequence() {
      const text = `select coalesce(max(sequence), 0)::float8 as last from read_models.${table}`;
      const { rows } = await database.query<{ last: number }>(named(`${table}-last`, text, []));
      return rows[0]?.last ?? 0;
    },
  };
}

function noticeView(row: NoticeRow): NoticeView {
  return {
    sequence: row.sequence,
    kind: row.kind as NoticeView['kind'],
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

function changeView(row: ChangeRow): ChangeView {
  return {
    sequence: row.sequence,
    kind: row.kind as ChangeView['kind'],
    projectId: row.project_id,
    registryId: row.registry_id,
    registry: row.registry as ChangeView['registry'],
  };
}
