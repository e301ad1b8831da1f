import type { LeaseQueries } from '../../../application/ports/read-models.ts';
import { LEASE_TTL_SECONDS, type LeaseView } from '../../../domain/lease.ts';
import { Conditions, named, type Queryable } from '../statement.ts';
import { activeLease } from './active-leases.ts';
import type { LeaseRow } from './leases.ts';

const COLUMNS = `id, registry_id, credential_version, pipeline, run_id, purpose, issued_to, issued_at, expires_at,
  released_at`;

const MAX_LEASE_MS = LEASE_TTL_SECONDS.max * 1000;

export function createLeaseQueries(database: Queryable, now: () => number): LeaseQueries {
  return {
    async list(projectId, { registryId, activeOnly, first }) {
      const where = new Conditions();
      where.add(`project_id = ${where.value(projectId)}`);
      if (registryId !== undefined) where.add(`registry_id = ${where.value(registryId)}`);
      if (activeOnly) where.add(activeLease(where.value(new Date(now()).toISOString())));
      const text = `select ${COLUMNS} from read_models.leases l where ${where.text}
        order by issued_at desc, id limit ${where.value(first)}`;
      const { rows } = await database.query<LeaseRow>(named('leases', text, where.values));
      return rows.map(view);
    },

    async lastOf(projectId, { registryId, pipeline, runId, issuedTo }) {
      const text = `select id from read_models.leases
        where project_id = $1 and registry_id = $2 and issued_at > $3 and pipeline = $4
          and run_id is not distinct from $5 and issued_to = $6
        order by issued_at desc, id limit 1`;
      const since = new Date(now() - MAX_LEASE_MS).toISOString();
      const values = [projectId, registryId, since, pipeline, runId, issuedTo];
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
  };
}

function view(row: LeaseRow): LeaseView {
  return {
    id: row.id,
    registryId: row.registry_id,
    credentialVersion: row.credential_version,
    pipeline: row.pipeline,
    runId: row.run_id,
    purpose: row.purpose,
    issuedTo: row.issued_to,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    releasedAt: row.released_at,
  };
}
