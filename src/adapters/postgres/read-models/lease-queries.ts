import type { ListedLeases } from '../../../application/ports/archived-leases.ts';
import type { LeaseFilter, LeaseQueries } from '../../../application/ports/read-models.ts';
import { LEASE_TTL_SECONDS, type LeaseView } from '../../../domain/lease.ts';
import type { SlowReads } from '../slow-reads.ts';
import { Conditions, type Queryable } from '../statement.ts';
import { activeLease, ENDED, notEnded } from './active-leases.ts';
import { boundedPage, type Source } from './bounded-page.ts';
import { countByLooking, countInIndex, type IndexedRows } from './counts.ts';
import type { LeaseRow } from './leases.ts';

const TABLE = 'read_models.leases l';
const NEWEST_FIRST = 'order by l.issued_at desc, l.id desc';
const COLUMNS = `l.id, l.registry_id, l.url, l.image, l.credential_version, l.pipeline, l.run_id, l.purpose, l.issued_to,
  l.issued_at, l.expires_at, l.released_at, l.revoked_by, l.identity`;

const MAX_LEASE_MS = LEASE_TTL_SECONDS.max * 1000;

/** `slow` is for counts. */
export function createLeaseQueries(
  database: Queryable,
  now: () => number,
  slow: SlowReads = { ofProject: () => database },
): LeaseQueries & ListedLeases {
  return {
    async byId(projectId, leaseId) {
      const text = `select ${COLUMNS}, l.issuer from ${TABLE} where l.id = $2 and l.project_id = $1`;
      const { rows } = await database.query<LeaseRow>({ name: 'lease-by-id', text, values: [projectId, leaseId] });
      return rows[0] && { ...view(rows[0]), issuer: rows[0].issuer };
    },

    async list(projectId, { filter, first, after }) {
      const values = new Conditions();
      const project = values.value(projectId);
      const { equal, others, sources } = conditionsOf(values, filter, now());
      const place = after && `(l.issued_at, l.id) < (${values.value(after.issuedAt)}, ${values.value(after.id)}::uuid)`;
      const { rows, hasNextPage, lookedUpTo } = await boundedPage<LeaseRow>(
        database,
        {
          name: 'leases',
          table: TABLE,
          joined: '',
          looksUp: filter.activeOnly,
          columns: COLUMNS,
          id: 'l.id',
          order: ['l.issued_at', 'l.id'],
          direction: 'desc',
          values,
          within: `l.project_id = ${project}`,
          served: equal.slice(0, 1),
          after: place,
          filter: [...equal.slice(1), ...others],
          sources: sources.slice(0, 1),
        },
        first,
      );
      const leases = rows.map(view);
      const last = lookedUpTo ?? rows.at(-1);
      return {
        items: leases.map((lease) => ({ node: lease, cursor: lease })),
        hasNextPage,
        end: last && { issuedAt: last.issued_at, id: last.id },
      };
    },

    async count(projectId, filter) {
      const values = new Conditions();
      const project = values.value(projectId);
      const within = `l.project_id = ${project}`;
      const { equal, others, sources, open } = conditionsOf(values, filter, now());
      const reads = slow.ofProject(projectId);
      if (open !== undefined && filter.pipeline === undefined && filter.runId === undefined) {
        return countInIndex(reads, 'leases-count', values, [activeIn(project, open, filter)]);
      }
      const conditions = [...equal, ...others];
      if (conditions.length <= 1) {
        const condition = [within, ...conditions].join(' and ');
        const orderBy = filter.runId === undefined ? NEWEST_FIRST : '';
        return countInIndex(reads, 'leases-count', values, [{ from: TABLE, condition, orderBy }]);
      }
      return countByLooking(reads, 'leases-count', {
        from: TABLE,
        looksUp: filter.activeOnly,
        id: 'l.id',
        values,
        within,
        orderBy: NEWEST_FIRST,
        filter: conditions,
        sources: sources.slice(0, 1),
      });
    },

    async lastToEnd(projectId, registryId, limit) {
      const text = `select ${COLUMNS} from ${TABLE} where l.project_id = $1 and l.registry_id = $2 and ${activeLease('$3')}
        order by l.expires_at desc, l.id desc limit $4`;
      const values = [projectId, registryId, new Date(now()).toISOString(), limit];
      const { rows } = await database.query<LeaseRow>({ name: 'leases-last-to-end', text, values });
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
 * Of the open leases those that no deletion ended. Such registries are read once, and not again for each lease. Open ones come
 * first, by project or by registry: for the other's sake the planner would read all that ended.
 */
function activeIn(project: string, open: string, { registryId }: LeaseFilter): IndexedRows {
  const found = registryId === undefined ? `l.project_id = ${project} and ${open}` : open;
  const from = `(select l.project_id, l.registry_id, l.credential_version from ${TABLE}
      where ${found} order by l.expires_at offset 0) l`;
  const ended = `(select ended.project_id, ended.id, ended.phase, ended.first_version from read_models.registries ended
      where ended.project_id = ${project} and ${ENDED} offset 0)`;
  return { from, condition: `l.project_id = ${project} and ${notEnded(ended)}`, orderBy: '' };
}

/** Each of `equal` has an index in the order of the list. `sources` find few leases, in any order; `open` those that are active. */
function conditionsOf(values: Conditions, { registryId, pipeline, runId, activeOnly }: LeaseFilter, now: number) {
  const equal = [
    ...(registryId === undefined ? [] : [`l.registry_id = ${values.value(registryId)}`]),
    ...(pipeline === undefined ? [] : [`l.pipeline = ${values.value(pipeline)}`]),
  ];
  const others: string[] = [];
  let open: string | undefined;
  const sources: Source[] = [];
  if (runId !== undefined) {
    const ofRun = `l.run_id = ${values.value(runId)}`;
    others.push(ofRun);
    sources.push({ condition: ofRun, orderBy: '' });
  }
  if (activeOnly) {
    const at = values.value(new Date(now).toISOString());
    others.push(activeLease(at));
    open = `l.released_at is null and l.expires_at > ${at}${registryId === undefined ? '' : ` and ${equal[0]}`}`;
    sources.push({ condition: open, orderBy: 'order by l.expires_at' });
  }
  if (equal[1] !== undefined) sources.push({ condition: equal[1], orderBy: NEWEST_FIRST });
  return { equal, others, sources, open };
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
    identity: row.identity,
  };
}
