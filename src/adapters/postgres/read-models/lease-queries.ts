import type { LeaseFilter, LeaseQueries } from '../../../application/ports/read-models.ts';
import { LEASE_TTL_SECONDS, type LeaseView } from '../../../domain/lease.ts';
import type { SlowReads } from '../slow-reads.ts';
import { Conditions, named, type Queryable } from '../statement.ts';
import { activeLease } from './active-leases.ts';
import type { LeaseRow } from './leases.ts';

const COLUMNS = `id, registry_id, url, image, credential_version, pipeline, run_id, purpose, issued_to, issued_at,
  expires_at, released_at, revoked_by`;

const MAX_LEASE_MS = LEASE_TTL_SECONDS.max * 1000;

/** `slow` is for counts. */
export function createLeaseQueries(
  database: Queryable,
  now: () => number,
  slow: SlowReads = { ofProject: () => database },
): LeaseQueries {
  return {
    async list(projectId, { filter, first, after }) {
      const { from, where } = found(projectId, filter, now());
      if (after) where.add(`(issued_at, id) < (${where.value(after.issuedAt)}, ${where.value(after.id)}::uuid)`);
      const text = `${from} where ${where.text} order by issued_at desc, id desc limit ${where.value(first + 1)}`;
      const { rows } = await database.query<LeaseRow>(named('leases', text, where.values));
      return { leases: rows.slice(0, first).map(view), hasNextPage: rows.length > first };
    },

    async count(projectId, filter) {
      const { from, where } = found(projectId, filter, now());
      const text = `select count(*)::int as count from (${from} where ${where.text}) counted`;
      const { rows } = await slow
        .ofProject(projectId)
        .query<{ count: number }>(named('leases-count', text, where.values));
      return rows[0]?.count ?? 0;
    },

    async lastToEnd(projectId, registryId, limit) {
      const { from, where } = found(projectId, { registryId, activeOnly: true }, now());
      const text = `${from} where ${where.text} order by expires_at desc, id desc limit ${where.value(limit)}`;
      const { rows } = await database.query<LeaseRow>(named('leases-last-to-end', text, where.values));
      return rows.map(view);
    },

    async lastOf(projectId, { registryId, pipeline, runId, issuedTo: { issuer, subject } }) {
      const text = `select id from read_models.leases
        where project_id = $1 and registry_id = $2 and issued_at > $3 and pipeline = $4
          and run_id is not distinct from $5 and issuer = $6 and issued_to = $7
        order by issued_at desc, id limit 1`;
      const since = new Date(now() - MAX_LEASE_MS).toISOString();
      const values = [projectId, registryId, since, pipeline, runId, issuer, subject];
      const { rows } = await database.query<{ id: string }>({ name: 'leases-last', text, values });
      return rows[0]?.id;
    },

    async countActive(registryId, { firstVersion, version, except }) {
      const { rows } = await database.query<{ count: number }>({
        name: 'leases-active',
        text: `select count(*)::int as count from read_models.leases
          where registry_id = $1 and released_at is null and expires_at > $2 and credential_version >= $3
            and credential_version = coalesce($5, credential_version) and id <> all($4::uuid[])`,
        values: [registryId, new Date(now()).toISOString(), firstVersion, except, version],
      });
      return rows[0]?.count ?? 0;
    },

    async countByVersion(registryId, { firstVersion, except }) {
      const { rows } = await database.query<{ version: number; count: number }>({
        name: 'leases-by-version',
        text: `select credential_version as version, count(*)::int as count from read_models.leases
          where registry_id = $1 and released_at is null and expires_at > $2 and credential_version >= $3
            and id <> all($4::uuid[])
          group by credential_version`,
        values: [registryId, new Date(now()).toISOString(), firstVersion, except],
      });
      return new Map(rows.map(({ version, count }) => [version, count]));
    },

    async listActive(registryId, { firstVersion, except, after, limit }) {
      const { rows } = await database.query<LeaseRow>({
        name: 'leases-active-last',
        text: `select id, pipeline, run_id, expires_at from read_models.leases
          where registry_id = $1 and released_at is null and expires_at > $2 and credential_version >= $3
            and id <> all($4::uuid[])
            and (expires_at, id) < (coalesce($5::timestamptz, 'infinity'), coalesce($6::uuid, id))
          order by expires_at desc, id desc limit $7`,
        values: [
          registryId,
          new Date(now()).toISOString(),
          firstVersion,
          except,
          after?.expiresAt ?? null,
          after?.id ?? null,
          limit,
        ],
      });
      return rows.map(({ id, pipeline, run_id, expires_at }) => ({
        id,
        pipeline,
        runId: run_id,
        expiresAt: expires_at,
      }));
    },
  };
}

/**
 * Active leases are few, and the indexes of active leases find them, by project or by registry. They come first: for the
 * order's or another filter's sake the planner would read all that ended.
 */
function found(projectId: string, filter: LeaseFilter, now: number) {
  const { registryId, pipeline, runId, activeOnly } = filter;
  const where = new Conditions();
  const project = `project_id = ${where.value(projectId)}`;
  where.add(project);
  const registry = registryId === undefined ? undefined : `registry_id = ${where.value(registryId)}`;
  if (registry !== undefined) where.add(registry);
  if (pipeline !== undefined) where.add(`pipeline = ${where.value(pipeline)}`);
  if (runId !== undefined) where.add(`run_id = ${where.value(runId)}`);
  if (!activeOnly) return { where, from: `select ${COLUMNS} from read_models.leases` };
  const active = activeLease(where.value(new Date(now).toISOString()));
  const from = `with active as materialized (
      select * from read_models.leases l where ${registry ?? project} and ${active})
    select ${COLUMNS} from active`;
  return { where, from };
}

function view(row: LeaseRow): LeaseView {
  return {
    id: row.id,
    registryId: row.registry_id,
    url: row.url,
    image: row.image,
    credentialVersion: row.credential_version,
    pipeline: row.pipeline,
    runId: row.run_id,
    purpose: row.purpose,
    issuedTo: row.issued_to,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    releasedAt: row.released_at,
    revokedBy: row.revoked_by,
  };
}
