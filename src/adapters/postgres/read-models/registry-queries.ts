import {
  MAX_PIPELINES,
  type PipelineUseView,
  type RegistryCursor,
  type RegistryFilter,
  type RegistryOrder,
  type RegistryOrderField,
  type RegistryQueries,
  type RegistryView,
  type UsageView,
} from '../../../application/ports/read-models.ts';
import type { CredentialStatus } from '../../../domain/credential.ts';
import { REFUSALS } from '../../../domain/probe-outcome.ts';
import { type HealthView, retiringView, stagedView } from '../../../domain/registry-view.ts';
import type { SlowReads } from '../slow-reads.ts';
import { Conditions, containing, named, type Queryable } from '../statement.ts';
import { activeLease } from './active-leases.ts';
import type { RegistryRow } from './registry-row.ts';

const COLUMNS = `id, project_id, url, entered_url, name, description, email, provider, username, access, ca_certificate,
  auth_realm_host,
  rotate_every_days, credential_version, credential_kind, secret_missing, expires_at, expiry_source, rotated_at,
  rotated_by, warnings, mint, staged, retiring, health, staged_health, created_at, created_by, updated_at, updated_by, revision`;

/** A key's text goes into cursors; conditions cast it back. */
const ORDER_KEYS: Readonly<Record<RegistryOrderField, { key: string; type: string }>> = {
  NAME: { key: 'lower(name)', type: 'text' },
  URL: { key: 'url', type: 'text' },
  CREATED_AT: { key: 'created_at', type: 'timestamptz' },
  UPDATED_AT: { key: 'updated_at', type: 'timestamptz' },
  EXPIRES_AT: { key: 'expires_at', type: 'timestamptz' },
  LAST_USED_AT: { key: 'last_used_at', type: 'timestamptz' },
};

type ViewRow = RegistryRow & { readonly health: HealthView | null; readonly staged_health: HealthView | null };

/** The same rule as `failing` in `credentialStatus`: the last test of the current version was refused. */
export const FAILING = `coalesce(health->>'outcome' in (${REFUSALS.map((outcome) => `'${outcome}'`).join(', ')})
  and (health->>'credentialVersion')::int = credential_version, false)`;

/** The last test was of the current version. */
const TESTED = `coalesce((health->>'credentialVersion')::int = credential_version, false)`;

/** See `tellingRepository`. */
export const TELLING = `coalesce(case when ${TESTED} then health->>'provedRepository' end, last_used_repository)`;

/** From 0 to 1: different for each registry, and always the same for one. */
const PLACE = '((hashtext(id::text)::float8 + 2147483648) / 4294967296)';

/** `slow` is for searches and counts. */
export function createRegistryQueries(
  database: Queryable,
  now: () => number,
  slow: SlowReads = { ofProject: () => database },
): RegistryQueries {
  return {
    async list(projectId, { filter, order, first, after, withLatestChange }) {
      const { key, type } = ORDER_KEYS[order.field];
      const where = filtered(projectId, filter, now());
      if (after) addAfter(where, key, type, order, after);
      const direction = order.direction === 'ASC' ? 'asc' : 'desc';
      // In the same statement, so that a subscription from there on misses no change and repeats none.
      const latest = withLatestChange
        ? `(select max(sequence)::float8 from read_models.changes where project_id = ${where.value(projectId)})`
        : 'null::float8';
      const text = `select ${COLUMNS}, ${key} as cursor_key, ${latest} as latest_change
        from read_models.registries where ${where.text}
        order by ${key} ${direction} nulls last, id ${direction} limit ${where.value(first + 1)}`;
      const reads = filter.search === undefined ? database : slow.ofProject(projectId);
      const { rows } = await reads.query<ViewRow & { cursor_key: string | null; latest_change: number | null }>(
        named('registries', text, where.values),
      );
      return {
        items: rows.slice(0, first).map((row) => ({ node: view(row), cursor: { key: row.cursor_key, id: row.id } })),
        hasNextPage: rows.length > first,
        latestChange: rows[0]?.latest_change ?? 0,
      };
    },

    async count(projectId, filter) {
      const where = filtered(projectId, filter, now());
      const text = `select count(*)::int as count from read_models.registries where ${where.text}`;
      const { rows } = await slow
        .ofProject(projectId)
        .query<{ count: number }>(named('registries-count', text, where.values));
      return rows[0]?.count ?? 0;
    },

    async byId(projectId, id) {
      const text = `select ${COLUMNS} from read_models.registries where id = $1 and project_id = $2 and phase = 'live'`;
      const { rows } = await database.query<ViewRow>(named('registry', text, [id, projectId]));
      const [row] = rows;
      return row && view(row);
    },

    async tellingRepository(projectId, id) {
      const text = `select ${TELLING} as repository from read_models.registries where id = $1 and project_id = $2`;
      const statement = named('registry-telling-repository', text, [id, projectId]);
      const { rows } = await database.query<Pick<DueRow, 'repository'>>(statement);
      return rows[0]?.repository ?? null;
    },

    async refusalTold(projectId, id) {
      const text = `select (told->>'refused')::int as refused from read_models.registries where id = $1 and project_id = $2`;
      const statement = named('registry-refusal-told', text, [id, projectId]);
      const { rows } = await database.query<{ refused: number | null }>(statement);
      return rows[0]?.refused ?? null;
    },

    async dueForCheck({ testedBefore, spreadMs, refusedBefore, except, limit }) {
      const text = `select project_id, id, ${FAILING} as refused, ${TELLING} as repository from read_models.registries
        where phase = 'live' and not secret_missing and (expires_at is null or expires_at > $1)
          and (not ${TESTED} or (health->>'testedAt')::timestamptz < case when ${FAILING} then $6 else $2 end::timestamptz
            - ${PLACE} * $3 * interval '1 ms')
          and id <> all($4::uuid[])
        order by ${TESTED}, health->>'testedAt' nulls first, id limit $5`;
      const values = [new Date(now()).toISOString(), testedBefore, spreadMs, except, limit, refusedBefore];
      const { rows } = await database.query<DueRow>(named('registries-due', text, values));
      return rows.map(({ project_id, id, refused, repository }) => ({
        projectId: project_id,
        registryId: id,
        refused,
        repository,
      }));
    },

    async usage(registryIds) {
      const text = `select r.id, r.last_used_at, r.last_used_by,
          (select count(*)::int from read_models.leases l
            where l.registry_id = r.id and ${activeLease('$2')}) as active_leases,
          case when r.retiring is null then 0 else (select count(*)::int from read_models.leases l
            where l.registry_id = r.id and l.credential_version = (r.retiring->>'version')::int
              and ${activeLease('$2')}) end as retiring_leases,
          coalesce((select json_agg(json_build_object('pipeline', u.pipeline, 'lastUsedAt', ${asText('u.last_used_at')},
              'leases', u.leases, 'linked', u.linked, 'note', u.note) order by u.last_used_at desc nulls last, u.pipeline)
            from (${PIPELINES}) u), '[]') as pipelines
        from read_models.registries r where r.id = any($1)`;
      const at = new Date(now()).toISOString();
      const { rows } = await database.query<UsageRow>(named('usage', text, [registryIds, at]));
      const byId = new Map(rows.map((row) => [row.id, usage(row)]));
      return registryIds.map((id) => byId.get(id) ?? UNUSED);
    },

    async recentPipelines(registryId) {
      const text = `select pipeline, last_used_at, leases, linked, note
        from (select $1::uuid as id) r cross join lateral ${RECENT_PIPELINES} recent
        order by last_used_at desc, pipeline`;
      const values = [registryId, new Date(now()).toISOString()];
      const { rows } = await database.query<PipelineUseRow>(named('recent-pipelines', text, values));
      return rows.map(pipelineUse);
    },

    async linkedPipelines(projectId, registryId) {
      const text = `select k.pipeline, u.last_used_at, coalesce(u.leases, 0) as leases, true as linked, k.note
        from read_models.registries r
          join read_models.pipeline_links k on k.registry_id = r.id
          left join read_models.pipeline_uses u on u.registry_id = k.registry_id and u.pipeline = k.pipeline
        where r.id = $1 and r.project_id = $2 order by k.pipeline`;
      const { rows } = await database.query<PipelineUseRow>(named('linked-pipelines', text, [registryId, projectId]));
      return rows.map(pipelineUse);
    },
  };
}

interface DueRow {
  readonly project_id: string;
  readonly id: string;
  readonly refused: boolean;
  readonly repository: string | null;
}

/** Those that used the registry `r` in the 30 days before `$2`. */
const RECENT_PIPELINES = `(select p.pipeline, p.last_used_at, p.leases, k.pipeline is not null as linked, k.note
      from read_models.pipeline_uses p left join read_models.pipeline_links k using (registry_id, pipeline)
      where p.registry_id = r.id and p.last_used_at > $2::timestamptz - interval '30 days'
      order by p.last_used_at desc, p.pipeline limit ${MAX_PIPELINES})`;
/** These first, then others that are linked. */
const PIPELINES = `${RECENT_PIPELINES}
    union all
    (select k.pipeline, p.last_used_at, coalesce(p.leases, 0), true, k.note
      from read_models.pipeline_links k left join read_models.pipeline_uses p using (registry_id, pipeline)
      where k.registry_id = r.id and coalesce(p.last_used_at, '-infinity') <= $2::timestamptz - interval '30 days'
      order by k.pipeline limit ${MAX_PIPELINES})
    order by last_used_at desc nulls last, pipeline limit ${MAX_PIPELINES}`;

/** As the driver reads a time that is not in JSON. */
function asText(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

interface PipelineUseRow {
  readonly pipeline: string;
  readonly last_used_at: string | null;
  readonly leases: number;
  readonly linked: boolean;
  readonly note: string | null;
}

function pipelineUse({ last_used_at, ...use }: PipelineUseRow): PipelineUseView {
  return { ...use, lastUsedAt: last_used_at };
}

interface UsageRow {
  readonly id: string;
  readonly last_used_at: string | null;
  readonly last_used_by: string | null;
  readonly active_leases: number;
  readonly retiring_leases: number;
  readonly pipelines: UsageView['pipelines'];
}

const UNUSED: UsageView = { lastUsedAt: null, lastUsedBy: null, activeLeases: 0, retiringLeases: 0, pipelines: [] };

function usage({ last_used_at, last_used_by, active_leases, retiring_leases, pipelines }: UsageRow): UsageView {
  return {
    lastUsedAt: last_used_at,
    lastUsedBy: last_used_by,
    activeLeases: active_leases,
    retiringLeases: retiring_leases,
    pipelines,
  };
}

function filtered(projectId: string, filter: RegistryFilter, now: number): Conditions {
  const where = new Conditions();
  where.add(`project_id = ${where.value(projectId)} and phase = 'live'`);
  const { search, provider, status, statuses, expiresBefore, rotationDueBefore, unusedSince, neverTested } = filter;
  if (search !== undefined && search !== '') {
    const term = where.value(containing(search));
    where.add(`(name ilike ${term} or url ilike ${term} or username ilike ${term} or description ilike ${term})`);
  }
  if (provider !== undefined) where.add(`provider = ${where.value(provider)}`);
  if (expiresBefore !== undefined) where.add(`expires_at < ${where.value(expiresBefore)}`);
  if (rotationDueBefore !== undefined) where.add(`rotation_due_at < ${where.value(rotationDueBefore)}`);
  if (unusedSince !== undefined) where.add(`(last_used_at is null or last_used_at < ${where.value(unusedSince)})`);
  if (neverTested !== undefined) where.add(neverTested ? `not ${TESTED}` : TESTED);
  if (status !== undefined) where.add(hasStatus(where, status, now));
  if (statuses !== undefined) where.add(`(${statuses.map((each) => hasStatus(where, each, now)).join(' or ')})`);
  return where;
}

/** The same rule as `credentialStatus`, for rows. The statuses exclude each other. */
function hasStatus(where: Conditions, status: CredentialStatus, now: number): string {
  const at = () => where.value(new Date(now).toISOString());
  switch (status) {
    case 'NEEDS_CREDENTIAL':
      return 'secret_missing';
    case 'EXPIRED':
      return `(not secret_missing and expires_at <= ${at()})`;
    case 'EXPIRING':
      return `(not secret_missing and not ${FAILING} and expires_at > ${at()} and expiring_from <= ${at()})`;
    case 'ACTIVE':
      return `(not secret_missing and not ${FAILING} and (expires_at is null or expiring_from > ${at()}))`;
    case 'FAILING':
      return `(not secret_missing and ${FAILING} and (expires_at is null or expires_at > ${at()}))`;
  }
}

/** Null keys come last in either direction. */
function addAfter(where: Conditions, key: string, type: string, order: RegistryOrder, after: RegistryCursor): void {
  const beyond = order.direction === 'ASC' ? '>' : '<';
  const id = where.value(after.id);
  if (after.key === null) {
    where.add(`${key} is null and id ${beyond} ${id}::uuid`);
    return;
  }
  const from = `${where.value(after.key)}::${type}`;
  where.add(`(${key} ${beyond} ${from} or (${key} = ${from} and id ${beyond} ${id}::uuid) or ${key} is null)`);
}

function view(row: ViewRow): RegistryView {
  return {
    id: row.id,
    projectId: row.project_id,
    url: row.url ?? '',
    enteredUrl: row.entered_url ?? '',
    name: row.name ?? '',
    description: row.description,
    email: row.email,
    provider: row.provider ?? 'GENERIC',
    username: row.username ?? '',
    access: row.access ?? 'PULL_AND_PUSH',
    caCertificate: row.ca_certificate,
    authRealmHost: row.auth_realm_host,
    credential: {
      version: row.credential_version ?? 0,
      kind: row.credential_kind ?? 'PASSWORD',
      present: !row.secret_missing,
      expiresAt: row.expires_at,
      expirySource: row.expiry_source,
      rotateEveryDays: row.rotate_every_days,
      rotatedAt: row.rotated_at ?? '',
      rotatedBy: row.rotated_by ?? '',
      warnings: row.warnings,
      staged: stagedView(row.staged, row.staged_health),
      retiring: retiringView(row.retiring),
    },
    mint: row.mint,
    health: row.health,
    revision: row.revision,
    createdAt: row.created_at ?? '',
    createdBy: row.created_by ?? '',
    updatedAt: row.updated_at ?? '',
    updatedBy: row.updated_by ?? '',
  };
}
